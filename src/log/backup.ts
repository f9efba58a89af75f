import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createGzip } from 'node:zlib';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { plainSession } from './database.js';
import { syncFolder } from './replace-file.js';

const manifestName = 'manifest.json';
const fileSchema = z.strictObject({
  table: z.string().regex(/^(log|keys)\.[a-z_]+$/),
  file: z.string().regex(/^[a-z_.]+\.copy\.gz$/),
  bytes: z.int().nonnegative(),
  sha256: z.hex().length(64),
});
const manifestSchema = z.strictObject({
  format: z.literal('custos-backup/1'),
  of: z.enum(['log', 'keys']),
  made: z.iso.datetime(),
  /** Where the log stood. */
  size: z.int().nonnegative(),
  at: z.int().nonnegative(),
  frontier: z.hex(),
  checkpoint: z.string(),
  /** SHA-256 of each migration, in order: rows fit the schema that they were read from. */
  schema: z.array(z.hex().length(64)),
  files: z.array(fileSchema),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

/** Told how many bytes have been read so far: of rows when a backup is made, of its files when it is put back. */
export type OnBytes = (bytes: number) => void;

/**
 * Writes the rows of these tables, as one snapshot has them, into a new folder: a file a table (PostgreSQL's COPY in
 * binary form, gzip), and a manifest with their hashes, written last. Needs no program of PostgreSQL's own.
 * @throws Problem backup_exists, backup_unwritable. A folder is there whole or not at all.
 */
export async function writeBackup(
  client: pg.ClientBase,
  of: BackupManifest['of'],
  tables: readonly string[],
  dir: string,
  onBytes: OnBytes = () => undefined,
): Promise<BackupManifest> {
  const partial = `${dir}.partial`;
  await mkdir(partial, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new Problem(error.code === 'EEXIST' ? 'backup_exists' : 'backup_unwritable');
  });
  try {
    await requireNothingAt(dir);
    await client.query(plainSession);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const files: BackupManifest['files'] = [];
    let before = 0;
    for (const table of tables) {
      const file = await writeTable(client, table, partial, (bytes) => onBytes(before + bytes));
      before += file.rowBytes;
      files.push(file.entry);
    }
    const manifest = {
      format: 'custos-backup/1',
      of,
      made: new Date().toISOString(),
      ...(await standing(client)),
      files,
    } as const;
    await client.query('COMMIT');
    await writeDurably(join(partial, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await syncFolder(partial);
    await rename(partial, dir);
    await syncFolder(dirname(resolve(dir)));
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Reads a manifest and compares every file with its hash. @throws Problem backup_unusable */
export async function readBackup(dir: string): Promise<BackupManifest> {
  const text = await readFile(join(dir, manifestName), 'utf8').catch(() => '');
  const manifest = manifestSchema.safeParse(parsed(text));
  if (!manifest.success) throw new Problem('backup_unusable', { file: manifestName });
  for (const { file, sha256 } of manifest.data.files) {
    const digest = createHash('sha256');
    await pipeline(createReadStream(join(dir, file)), digest).catch(() => undefined);
    if (digest.digest('hex') !== sha256) throw new Problem('backup_unusable', { file });
  }
  return manifest.data;
}

/** Puts the rows into tables that are there and empty, in the transaction that is open. */
export async function copyBack(
  client: pg.ClientBase,
  dir: string,
  { files }: BackupManifest,
  onBytes: OnBytes = () => undefined,
): Promise<void> {
  let bytes = 0;
  for (const { table, file } of files) {
    await pipeline(
      createReadStream(join(dir, file)),
      passing((chunk) => onBytes((bytes += chunk))),
      createGunzip(),
      client.query(copyStreams.from(`COPY ${table} FROM STDIN (FORMAT binary)`)),
    );
  }
}

async function writeTable(client: pg.ClientBase, table: string, dir: string, onBytes: OnBytes) {
  const file = `${table}.copy.gz`;
  const digest = createHash('sha256');
  let [rowBytes, bytes] = [0, 0];
  const target = createWriteStream(join(dir, file), { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(
    // A partitioned table has no rows of its own to COPY.
    client.query(copyStreams.to(`COPY (SELECT * FROM ${table}) TO STDOUT (FORMAT binary)`)),
    passing((chunk) => onBytes((rowBytes += chunk))),
    createGzip({ level: constants.Z_BEST_SPEED }),
    passing((length, chunk) => {
      bytes += length;
      digest.update(chunk);
    }),
    target,
  );
  return { rowBytes, entry: { table, file, bytes, sha256: digest.digest('hex') } };
}

async function standing(client: pg.ClientBase) {
  const { rows } = await client.query<{ size: string; at: string; frontier: string; checkpoint: string }>(
    `SELECT size, at, encode(frontier, 'hex') AS frontier, checkpoint FROM log.head`,
  );
  const { size, at, ...rest } = rows[0] as (typeof rows)[0];
  return { size: Number(size), at: Number(at), ...rest, schema: await schemaOf(client) };
}

/** The migrations of a database, by their hashes. */
export async function schemaOf(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ sha256: string }>(
    'SELECT sha256 FROM public.custos_migration ORDER BY version',
  );
  return rows.map(({ sha256 }) => sha256);
}

const passing = (see: (length: number, chunk: Uint8Array) => void) =>
  new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      see(chunk.length, chunk);
      done(null, chunk);
    },
  });

async function requireNothingAt(dir: string): Promise<void> {
  // Renaming onto an empty folder would succeed.
  const found = await open(dir).then(
    async (handle) => handle.close().then(() => true),
    () => false,
  );
  if (found) throw new Problem('backup_exists');
}

async function writeDurably(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
