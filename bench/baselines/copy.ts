import { pipeline } from 'node:stream/promises';
import { Readable, type Writable } from 'node:stream';
import pg from 'pg';
import { baselinePackage } from '../packages.js';
import type { TestDatabase } from '../../test/postgres/database.js';
import type { PlainRow } from './single-insert.js';

type CopyStreams = { from(sql: string): pg.Submittable & Writable };

/** The ceiling: one writer who has all rows at hand, and nobody who waits for any of them. */
export async function copyRows(database: TestDatabase) {
  const { from } = await baselinePackage<CopyStreams>('pg-copy-streams');
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query(
    `CREATE TABLE IF NOT EXISTS plain_copy (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL, header bytea NOT NULL, body bytea)`,
  );
  return {
    /** One transaction. */
    copy: async (rows: readonly PlainRow[]) => {
      const lines = rows.map(
        ({ stream, header, body }) =>
          `${stream}\t\\\\x${header.toString('hex')}\t${body === null ? '\\N' : `\\\\x${body.toString('hex')}`}\n`,
      );
      await pipeline(
        Readable.from(Buffer.from(lines.join(''))),
        client.query(from('COPY plain_copy (stream, header, body) FROM STDIN')),
      );
    },
    rows: async () => (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM plain_copy')).rows[0]?.n,
    close: () => client.end(),
  };
}
