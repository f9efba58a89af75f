import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Problem } from '../problem.js';
import { retryAfterSeconds } from './waiting-queue.js';

const attempts = 5;
const endsWithinMs = 10_000;

/**
 * COMMIT was sent to the server process `server` and its answer never came: the head says what became of it, as soon as
 * that process can write nothing more. Returns if it is durable.
 * @throws Problem log_unavailable: it is not, and never will be. Problem outcome_unknown: the head cannot be read, and
 *   whoever sends the command again is told.
 */
export async function settleCommit(
  pool: pg.Pool,
  server: number,
  meant: { size: number; checkpoint: string },
): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      if ((await noteAtHead(pool, server, meant.size)) === meant.checkpoint) return;
      throw new Problem('log_unavailable');
    } catch (error) {
      if (error instanceof Problem) throw error;
      await sleep(200 * attempt);
    }
  }
  throw new Problem('outcome_unknown', { retryAfterSeconds });
}

async function noteAtHead(pool: pg.Pool, server: number, size: number): Promise<string | undefined> {
  const client = await pool.connect();
  let broken = true;
  try {
    await end(server, client);
    await client.query('BEGIN');
    await client.query('SELECT FROM log.lock_head()');
    const { rows } = await client.query<{ note: string }>('SELECT note FROM log.checkpoint WHERE size = $1', [size]);
    await client.query('ROLLBACK');
    broken = false;
    return rows[0]?.note;
  } finally {
    client.release(broken);
  }
}

/**
 * It may have our COMMIT still before it. It finishes what it is committing, and reads nothing more. A number that went
 * to another connection of ours since costs that one.
 */
async function end(server: number, by: pg.ClientBase): Promise<void> {
  const { rows } = await by.query<{ ended: boolean }>(
    `SELECT pg_terminate_backend(pid, $2) AS ended FROM pg_stat_activity
     WHERE pid = $1 AND usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()`,
    [server, endsWithinMs],
  );
  if (rows[0]?.ended === false) throw new Error('the server process of a lost connection does not end');
}
