import type pg from 'pg';

const setting = (value: 'off' | 'DEFAULT') =>
  ['enable_indexscan', 'enable_indexonlyscan', 'enable_bitmapscan']
    .map((name) => `SET LOCAL ${name} TO ${value}`)
    .join('; ');

/** What the tables themselves hold, in the transaction that is open: an index says what its owner had it say. */
export async function withoutIndexes<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  await client.query(setting('off'));
  const { rows } = await client.query<Row>(sql, [...values]);
  await client.query(setting('DEFAULT'));
  return rows;
}
