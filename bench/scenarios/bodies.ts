import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { openPool } from '../../src/log/database.js';
import type { FieldName } from '../../src/log/fields.js';
import type { Position } from '../../src/log/ids.js';
import { layEndToEnd } from '../../src/log/lay-end-to-end.js';
import { PostgresBodyStore } from '../../src/log/postgres-body-store.js';
import { interleaved, median } from '../interleaved.js';
import { scenario } from '../scenario.js';
import { withOwnTables } from '../with-own-tables.js';

interface Preset {
  readonly rounds: number;
  readonly transactions: number;
}

/** What a batch of rrweb comes to. */
const fields: readonly FieldName[] = ['time', 'kind', 'pointer', 'url', 'typed', 'screen', 'screen.text'];
const bytesAColumn = 2048;
const batchesATransaction = 64;
const sealed = randomBytes(bytesAColumn);
const columnsOf = (batches: readonly number[]) =>
  batches.flatMap((position) => fields.map((field) => ({ position: position as Position, field, sealed })));

/** The same statement into a table without partitions, as it was. */
async function plainRows(client: pg.ClientBase, batches: readonly number[]): Promise<void> {
  const columns = columnsOf(batches);
  const bodies = layEndToEnd(columns.map((column) => column.sealed));
  await client.query({
    name: 'plain-rows',
    text: `INSERT INTO plain_body SELECT position, field, substring($1::bytea FROM start FOR bytes)
           FROM unnest($2::bigint[], $3::text[], $4::int[], $5::int[]) AS b(position, field, start, bytes)`,
    values: [
      bodies.bytes,
      columns.map(({ position }) => position),
      columns.map(({ field }) => field),
      bodies.starts,
      bodies.lengths,
    ],
  });
}

/** One value a batch, its columns laid end to end: what retention could not take a column out of. */
async function wholeBatches(client: pg.ClientBase, batches: readonly number[]): Promise<void> {
  const bodies = layEndToEnd(batches.map(() => Buffer.concat(fields.map(() => sealed))));
  await client.query({
    name: 'whole-batches',
    text: `INSERT INTO whole_body SELECT position, substring($1::bytea FROM start FOR bytes)
           FROM unnest($2::bigint[], $3::int[], $4::int[]) AS b(position, start, bytes)`,
    values: [bodies.bytes, [...batches], bodies.starts, bodies.lengths],
  });
}

const tables = `
  CREATE TABLE plain_body (position bigint NOT NULL, field text NOT NULL, sealed bytea STORAGE EXTERNAL NOT NULL,
                           PRIMARY KEY (position, field));
  CREATE TABLE whole_body (position bigint PRIMARY KEY, sealed bytea STORAGE EXTERNAL NOT NULL);
  GRANT INSERT, SELECT ON plain_body, whole_body TO custos_service`;

export default scenario<Preset>({
  sentence: 'Sealed columns into partitions, a row each, against one plain table and against one value a batch.',
  presets: { quick: { rounds: 2, transactions: 40 }, full: { rounds: 8, transactions: 100 } },
  async run(bench, { rounds, transactions }) {
    const database = await bench.database();
    const owner = withOwnTables(openPool(database.superuserUrl, { connections: 1, name: 'bench owner' }));
    await owner.query(tables);
    const service = withOwnTables(openPool(database.url('custos_service'), { connections: 1, name: 'bench' }));
    const store = new PostgresBodyStore(service);
    const next = { partitioned: 0, plain: 0, whole: 0 };
    const load = (name: keyof typeof next, insert: (client: pg.ClientBase, batches: number[]) => Promise<void>) => async () => {
      const client = await service.connect();
      const begun = performance.now();
      for (let index = 0; index < transactions; index += 1) {
        const batches = Array.from({ length: batchesATransaction }, (_, offset) => next[name] + offset);
        next[name] += batchesATransaction;
        await client.query('BEGIN');
        await insert(client, batches);
        await client.query('COMMIT');
      }
      const seconds = (performance.now() - begun) / 1000;
      client.release();
      return (transactions * batchesATransaction) / seconds;
    }; // prettier-ignore
    try {
      const speeds = await interleaved(rounds, {
        partitioned: load('partitioned', (client, batches) => store.put(client, columnsOf(batches))),
        plain: load('plain', plainRows),
        whole: load('whole', wholeBatches),
      });
      const batches = rounds * transactions * batchesATransaction;
      for (const [table, rows] of [['log.body', batches * fields.length], ['plain_body', batches * fields.length], ['whole_body', batches]] as const) {
        const { rows: counted } = await owner.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`);
        bench.check(`${table} holds every row`, counted[0]?.n === rows);
      }
      const value = median(speeds.partitioned);
      for (const [name, against] of [['plain table', speeds.plain], ['one value a batch', speeds.whole]] as const) {
        bench.report({ measure: `batches of ${fields.length} columns, partitioned`, value, unit: 'batches/s', against: { name, value: median(against) } });
      }
    } finally {
      await service.end();
      await owner.end();
    }
  }, // prettier-ignore
});
