import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { Problem } from '../problem.js';

const folder = join(import.meta.dirname, '../../migrations');
const lockKey = 7100;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/**
 * Brings a database to this version, forward only. Each file is one transaction that first inserts its own
 * row, so of two migrators one waits and then finds the work done.
 * `url` must be of a role that may create roles and schemas.
 */
export async function migrate(url: string): Promise<{ applied: string[] }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const applied: string[] = [];
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    await client.query(`CREATE TABLE IF NOT EXISTS public.custos_migration (
      version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, at timestamptz NOT NULL DEFAULT now())`);
    await client.query('GRANT SELECT ON public.custos_migration TO PUBLIC');
    const done = await appliedVersions(client);
    for (const migration of await migrations()) {
      const before = done.get(migration.version);
      if (before !== undefined) {
        if (before !== migration.sha256) throw new Problem('schema_mismatch');
        continue;
      }
      await apply(client, migration);
      applied.push(migration.name);
    }
  } finally {
    await client.end();
  }
  return { applied };
}

/** @throws Problem schema_mismatch where the database is older or newer than this program. */
export async function requireSchema(client: pg.Pool | pg.ClientBase): Promise<void> {
  const expected = (await migrations()).map(({ version, sha256 }) => `${version} ${sha256}`);
  const { rows } = await client
    .query<{ version: number; sha256: string }>('SELECT version, sha256 FROM public.custos_migration ORDER BY version')
    .catch(() => ({ rows: [] }));
  const found = rows.map(({ version, sha256 }) => `${version} ${sha256}`);
  if (found.join() !== expected.join()) throw new Problem('schema_mismatch');
}

async function migrations(): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(folder, name), 'utf8');
      return { version: Number(name.slice(0, 4)), name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

async function appliedVersions(client: pg.ClientBase): Promise<Map<number, string>> {
  const { rows } = await client.query<{ version: number; sha256: string }>(
    'SELECT version, sha256 FROM public.custos_migration',
  );
  return new Map(rows.map(({ version, sha256 }) => [version, sha256]));
}

async function apply(client: pg.ClientBase, { version, name, sql, sha256 }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('INSERT INTO public.custos_migration (version, name, sha256) VALUES ($1, $2, $3)', [
      version,
      name,
      sha256,
    ]);
    await client.query(sql);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
