import type pg from 'pg';
import type { Findings } from './checks.js';

/**
 * Every entry was written by one command, and one answer is kept for it: so the kept answers name every position once,
 * in order. One that is gone would let its command be carried out a second time.
 */
export async function verifyCommands(client: pg.ClientBase, size: number, { report }: Findings): Promise<void> {
  const { rows } = await client.query<{ first: number; expected: number }>(
    `SELECT first, expected FROM (
       SELECT first, count, coalesce(lag(first + count) OVER (ORDER BY first, count), 0) AS expected FROM log.command
       UNION ALL SELECT $1, 1, (SELECT coalesce(max(first + count), 0) FROM log.command)
     ) c WHERE first <> expected OR count < 1 ORDER BY expected LIMIT 100`,
    [size],
  );
  for (const { first, expected } of rows) {
    if (first > expected) report(expected, 'command_missing');
    else report(Math.max(first, 0), 'command_differs');
  }
}
