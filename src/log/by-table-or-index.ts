import type pg from 'pg';

/** What PostgreSQL is to keep away from, so that it reads the table itself, or the one index that has the order asked for. */
const avoided = {
  table: ['enable_indexscan', 'enable_indexonlyscan', 'enable_bitmapscan'],
  index: ['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'enable_incremental_sort'],
} as const;
type Way = keyof typeof avoided;

/** Answers out of the rows that there are, or of those that an index knows of, in the transaction that is open. */
export async function askBy<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  way: Way,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const set = (value: 'off' | 'DEFAULT') =>
    client.query(avoided[way].map((setting) => `SET LOCAL ${setting} TO ${value}`).join('; '));
  await set('off');
  const { rows } = await client.query<Row>(sql, [...values]);
  await set('DEFAULT');
  return rows;
}
