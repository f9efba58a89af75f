import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Problem } from '../problem.js';
import { retryAfterSeconds } from './waiting-queue.js';

const attempts = 5;

/**
 * COMMIT was sent and its answer lost: the head says what became of it, as soon as it can be locked, since the lock
 * waits for a commit that is still under way. Returns if it is durable.
 * @throws Problem log_unavailable: it is not, and never will be. Problem outcome_unknown: the head cannot be read, and
 *   whoever sends the command again is told.
 */
export async function settleCommit(pool: pg.Pool, meant: { size: number; checkpoint: string }): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    try {
      if ((await noteAtHead(pool, meant.size)) === meant.checkpoint) return;
      throw new Problem('log_unavailable');
    } catch (error) {
      if (error instanceof Problem) throw error;
      await sleep(200 * attempt);
    }
  }
  throw new Problem('outcome_unknown', { retryAfterSeconds });
}

async function noteAtHead(pool: pg.Pool, size: number): Promise<string | undefined> {
  const client = await pool.connect();
  let broken = true;
  try {
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
