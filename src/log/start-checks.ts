import type pg from 'pg';
import { Problem } from '../problem.js';
import { requireGuards, requireLeastPrivilege, type Part } from './guards.js';
import { requireSchema } from './migrate.js';
import { requireWholeChain } from './upcasters.js';

/** An acknowledged entry is on disk only with these on. */
const durableSettings = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/**
 * Refuses to run where the log could lose or change an entry without a trace. Every process asks for its own part:
 * the keyholder must not be able to write the log, nor the service to touch a key.
 * @throws Problem upcaster_missing, schema_mismatch, database_read_only, database_not_durable, role_too_powerful, guards_changed
 */
export async function requireSafeDatabase(pool: pg.Pool, part: Part): Promise<void> {
  requireWholeChain();
  // One connection for all: what is looked at is one session, as every other of this pool is.
  const client = await pool.connect().catch(() => {
    throw new Problem('log_unavailable');
  });
  try {
    await requireSchema(client);
    await requireWritable(client);
    await requireDurable(client);
    await requireLeastPrivilege(client, part);
    await requireGuards(client);
  } finally {
    client.release();
  }
}

/** A standby answers every read and looks whole, and each append would fail with an error about something else. */
async function requireWritable(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; readOnly: boolean }>(
    `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS "readOnly"`,
  );
  if (rows[0]?.standby !== false) throw new Problem('database_read_only', { setting: 'pg_is_in_recovery' });
  if (rows[0].readOnly) throw new Problem('database_read_only', { setting: 'default_transaction_read_only' });
}

async function requireDurable(client: pg.ClientBase): Promise<void> {
  for (const setting of durableSettings) {
    // `local`, `remote_write`, `on` and `remote_apply` all wait for the local disk.
    const value = await settingOf(client, setting);
    if (value === undefined || value === 'off') throw new Problem('database_not_durable', { setting });
  }
  // As a replica, a session runs past every trigger.
  const setting = 'session_replication_role';
  if ((await settingOf(client, setting)) !== 'origin') throw new Problem('guards_changed', { setting });
}

async function settingOf(client: pg.ClientBase, setting: string): Promise<string | undefined> {
  const { rows } = await client.query<{ value: string }>('SELECT current_setting($1) AS value', [setting]);
  return rows[0]?.value;
}
