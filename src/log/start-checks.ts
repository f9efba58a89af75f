import type pg from 'pg';
import { Problem } from '../problem.js';
import { requireSchema } from './migrate.js';

/** An acknowledged entry is on disk only with these on. */
const durableSettings = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;
const logTables = ['log.entry', 'log.body', 'log.checkpoint', 'log.tile', 'log.command', 'log.head'] as const;

/** Refuses to run where the log could lose or change an entry without a trace. */
export async function requireSafeDatabase(pool: pg.Pool): Promise<void> {
  await requireSchema(pool);
  for (const setting of durableSettings) {
    const { rows } = await pool.query<{ value: string }>('SELECT current_setting($1) AS value', [setting]);
    const value = rows[0]?.value;
    // `local`, `remote_write`, `on` and `remote_apply` all wait for the local disk.
    if (value === undefined || value === 'off') throw new Problem('database_not_durable', { setting });
  }
  for (const table of logTables) {
    const { rows } = await pool.query<{ powerful: boolean }>(
      `SELECT has_table_privilege($1, 'UPDATE') OR has_table_privilege($1, 'DELETE')
              OR has_table_privilege($1, 'TRUNCATE') AS powerful`,
      [table],
    );
    if (rows[0]?.powerful !== false) throw new Problem('role_too_powerful', { setting: table });
  }
}
