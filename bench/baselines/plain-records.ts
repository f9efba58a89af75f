import { once } from 'node:events';
import pg from 'pg';
import { baselinePackage } from '../packages.js';
import type { CutRecord } from '../../src/capture/formats/format.js';
import type { Recording } from '../recordings.js';
import type { TestDatabase } from '../../test/postgres/database.js';

type CopyStreams = { from(sql: string): pg.Submittable & NodeJS.WritableStream };

export interface PlainPost {
  readonly session: string;
  readonly subject: string;
  readonly first: number;
  readonly records: readonly CutRecord[];
}

/** Records as most systems keep them: a row each, readable by whoever has the database. */
export async function plainRecords(database: TestDatabase) {
  const { from } = await baselinePackage<CopyStreams>('pg-copy-streams');
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query(`
    CREATE TABLE IF NOT EXISTS plain_record (session text NOT NULL, sequence int NOT NULL, subject text NOT NULL,
      at timestamptz NOT NULL, data jsonb NOT NULL, PRIMARY KEY (session, sequence));
    CREATE INDEX IF NOT EXISTS plain_record_subject ON plain_record (subject, at);
    CREATE INDEX IF NOT EXISTS plain_record_at ON plain_record (at)`);
  return {
    /** One transaction a post. */
    async copy(post: PlainPost) {
      const stream = client.query(
        from('COPY plain_record (session, sequence, subject, at, data) FROM STDIN'),
      ) as NodeJS.WritableStream;
      const lines = post.records.map(({ time, data }, index) => {
        const text = JSON.stringify(data).replaceAll('\\', '\\\\');
        return `${post.session}\t${post.first + index}\t${post.subject}\t${new Date(time).toISOString()}\t${text}\n`;
      });
      stream.end(lines.join(''));
      await once(stream, 'finish');
    },
    /** One transaction a record. */
    async insert(post: PlainPost) {
      for (const [index, { time, data }] of post.records.entries()) {
        await client.query({
          name: 'plain-record',
          text: 'INSERT INTO plain_record (session, sequence, subject, at, data) VALUES ($1, $2, $3, $4, $5)',
          values: [post.session, post.first + index, post.subject, new Date(time), JSON.stringify(data)],
        });
      }
    },
    rows: async () => (await client.query<{ n: number }>('SELECT count(*)::int AS n FROM plain_record')).rows[0]?.n,
    bytes: async () =>
      Number((await client.query<{ n: string }>("SELECT pg_total_relation_size('plain_record') AS n")).rows[0]?.n),
    close: () => client.end(),
  };
}

/** Each field of each record under pgcrypto, a transaction a post. Undefined where the server does not have it. */
export async function pgcryptoRecords(database: TestDatabase) {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  const { rowCount } = await client.query("SELECT FROM pg_available_extensions WHERE name = 'pgcrypto'");
  const made =
    rowCount === 1 && (await client.query('CREATE EXTENSION IF NOT EXISTS pgcrypto').then(Boolean, () => false));
  if (!made) {
    await client.end();
    return undefined;
  }
  await client.query(`CREATE TABLE IF NOT EXISTS crypted_record (session text NOT NULL, sequence int NOT NULL,
    field text NOT NULL, sealed bytea NOT NULL, PRIMARY KEY (session, sequence, field))`);
  return {
    async insert(post: PlainPost, { format }: Recording) {
      const rows = post.records.flatMap(({ data }, index) =>
        Object.entries(format.decompose(data)).map(([field, part]) => [index, field, JSON.stringify(part)] as const),
      );
      await client.query({
        name: 'crypted-record',
        text: `INSERT INTO crypted_record SELECT $1, sequence, field, pgp_sym_encrypt(part, $2)
               FROM unnest($3::int[], $4::text[], $5::text[]) AS r(sequence, field, part)`,
        values: [
          post.session,
          'a passphrase of the application',
          rows.map(([index]) => post.first + index),
          rows.map(([, field]) => field),
          rows.map(([, , part]) => part),
        ],
      });
    },
    records: async () =>
      (
        await client.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM (SELECT DISTINCT session, sequence FROM crypted_record) AS r',
        )
      ).rows[0]?.n,
    close: () => client.end(),
  };
}
