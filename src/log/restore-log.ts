import type pg from 'pg';
import { openCheckpoint } from '../merkle/checkpoint.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import { copyBack, schemaOf, type BackupManifest, type OnBytes } from './backup.js';

/** Everything of the log that is not book-keeping; what was given up is named in entries. */
export const logTables = ['log.entry', 'log.body', 'log.command', 'log.checkpoint', 'log.tile'] as const;

interface TrustedLog {
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
}

/**
 * Puts a backup of the log into a migrated database that holds none: all of it, or nothing. What it holds is believed
 * by nobody yet: the caller verifies it as any other log. Needs a superuser.
 * @throws Problem backup_unusable, schema_mismatch, restore_not_empty
 */
export async function restoreLog(
  client: pg.ClientBase,
  dir: string,
  manifest: BackupManifest,
  trusted: TrustedLog,
  onBytes?: OnBytes,
): Promise<void> {
  requireOfLog(manifest, trusted);
  await requireSameSchema(client, manifest);
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<{ size: string }>('SELECT size FROM log.head FOR UPDATE');
    if (Number(rows[0]?.size) !== 0) throw new Problem('restore_not_empty');
    await makeRoom(client, manifest.size);
    await copyBack(client, dir, manifest, onBytes);
    await moveHead(client, manifest);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/** Whether nobody has made a schema of ours there yet. */
export async function isUnmigrated(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ none: boolean }>(
    `SELECT to_regclass('public.custos_migration') IS NULL AS none`,
  );
  return rows[0]?.none === true;
}

/** Rows fit the schema that they were read from. @throws Problem schema_mismatch */
export async function requireSameSchema(client: pg.ClientBase, { schema }: BackupManifest): Promise<void> {
  if ((await schemaOf(client)).join() !== schema.join()) throw new Problem('schema_mismatch');
}

/** Of this log, and whole: asked before anything is written. @throws Problem backup_unusable */
export function requireOfLog({ of, files, size, checkpoint }: BackupManifest, { origin, verifiers }: TrustedLog): void {
  const isWhole = of === 'log' && files.map(({ table }) => table).join() === logTables.join();
  try {
    if (isWhole && openCheckpoint(checkpoint, origin, [...verifiers]).size === size) return;
  } catch {
    // A note that does not open is not of this log.
  }
  throw new Problem('backup_unusable', { file: 'manifest.json' });
}

/** As `log.make_room_for_bodies` would have, append by append. `size` is a number that was checked. */
async function makeRoom(client: pg.ClientBase, size: number): Promise<void> {
  await client.query(`DO $$
    DECLARE
      _last record;
    BEGIN
      LOOP
        SELECT upper, upper - lower AS width INTO STRICT _last FROM log.body_partition LIMIT 1;
        EXIT WHEN _last.upper >= ${size};
        PERFORM log.add_body_partition(_last.upper, _last.upper + _last.width);
      END LOOP;
    END $$`);
}

async function moveHead(client: pg.ClientBase, { size, at, frontier, checkpoint }: BackupManifest): Promise<void> {
  await client.query('SET LOCAL ROLE custos_owner');
  await client.query(`UPDATE log.head SET size = $1, at = $2, frontier = decode($3, 'hex'), checkpoint = $4`, [
    size,
    at,
    frontier,
    checkpoint,
  ]);
  await client.query('RESET ROLE');
}
