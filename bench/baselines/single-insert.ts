import { openPool } from '../../src/log/database.js';
import type { TestDatabase } from '../../test/postgres/database.js';
import { withOwnTables } from '../with-own-tables.js';

export interface PlainRow {
  readonly stream: string;
  readonly header: Buffer;
  readonly body: Buffer | null;
}

/** What anyone would do first: a row an entry, a transaction a row, no proof, no order that a reader can trust. */
export async function singleInsert(database: TestDatabase, writers: number) {
  const pool = withOwnTables(
    openPool(database.superuserUrl, { connections: Math.min(writers, 64), name: 'single insert' }),
  );
  await pool.query(`CREATE TABLE IF NOT EXISTS plain_single (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, header bytea NOT NULL, body bytea)`);
  return {
    insert: ({ stream, header, body }: PlainRow) =>
      pool.query({
        name: 'plain-single',
        text: 'INSERT INTO plain_single (stream, header, body) VALUES ($1, $2, $3)',
        values: [stream, header, body],
      }),
    rows: async () => (await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM plain_single')).rows[0]?.n,
    close: () => pool.end(),
  };
}
