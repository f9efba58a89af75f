import type pg from 'pg';
import type { Findings } from './checks.js';
import { withoutIndexes } from './without-indexes.js';

/**
 * Pages are read by the index of positions, and others ask by other indexes: a row that only those know of would be shown to
 * them and verified by nobody. So what was read is held against what there is. `read`: rows of positions below `below`.
 */
export async function verifyNoneHidden(
  client: pg.ClientBase,
  { below, read }: { readonly below: number; readonly read: number },
  { report }: Findings,
): Promise<void> {
  const [there] = await withoutIndexes<{ count: number; within: number }>(
    client,
    'SELECT count(*), count(*) FILTER (WHERE position >= 0 AND position < $1) AS within FROM log.entry',
    [below],
  );
  if (there?.count === read && there.within === read) return;
  // By an expression: PostgreSQL believes an index that says it is unique, and plans the question away (18).
  const rows = await withoutIndexes<{ position: number }>(
    client,
    `SELECT position + 0 AS position FROM log.entry
     GROUP BY 1 HAVING count(*) > 1 OR position + 0 < 0 OR position + 0 >= $1 ORDER BY 1 LIMIT 100`,
    [below],
  );
  for (const { position } of rows) report(position, 'not_in_the_log');
}
