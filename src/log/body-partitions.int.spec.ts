import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import type { StoredColumn } from './body-store.js';
import { openPool } from './database.js';
import type { FieldName } from './fields.js';
import type { Position } from './ids.js';
import { PostgresBodyStore, scanStatement } from './postgres-body-store.js';

let database: TestDatabase;
let service: pg.Pool;
let owner: pg.Pool;
beforeEach(async () => {
  database = await cloneDatabase();
  service = openPool(database.url('custos_service'), { connections: 4, name: 'test' });
  owner = openPool(database.superuserUrl, { connections: 4, name: 'test owner' });
});
afterEach(async () => {
  await Promise.all([service.end(), owner.end()]);
  await database.drop();
});

const column = (position: number, field: FieldName = 'url') => ({
  position: position as Position,
  field,
  sealed: new Uint8Array(randomBytes(40)),
});
const partitions = async (): Promise<[lower: number, upper: number][]> => {
  const { rows } = await owner.query('SELECT lower, upper FROM log.body_partition ORDER BY lower');
  return rows.map(({ lower, upper }) => [lower, upper]);
};

/** A transaction as the appender's, that ends as it is told. */
async function transaction(end: 'COMMIT' | 'ROLLBACK', work: (client: pg.PoolClient) => Promise<unknown>) {
  const client = await service.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM log.lock_head()');
    await work(client);
    await client.query(end);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
const put = (store: PostgresBodyStore, end: 'COMMIT' | 'ROLLBACK', ...positions: number[]) =>
  transaction(end, (client) => store.put(client, positions.map((position) => column(position)))); // prettier-ignore

/** Narrow ones from here on, so that a test fills some: each is as wide as the one before it. */
async function narrowPartitions(): Promise<void> {
  await owner.query('DROP TABLE log.body_262144');
  await owner.query('ALTER TABLE log.body DETACH PARTITION log.body_0');
  await owner.query('ALTER TABLE log.body ATTACH PARTITION log.body_0 FOR VALUES FROM (0) TO (10)');
}

describe('the service cannot', () => {
  it.each([
    ['make a table', 'CREATE TABLE log.mine (n int)'],
    ['make a partition as it likes', 'SELECT log.add_body_partition(900000, 900001)'],
    ['take a partition away', 'ALTER TABLE log.body DETACH PARTITION log.body_0'],
    ['write past the parent', "INSERT INTO log.body_0 VALUES (1, 'url', 'x')"],
    ['read past the parent', 'SELECT FROM log.body_0'],
    ['delete', 'DELETE FROM log.body'],
    ['delete past the parent', 'DELETE FROM log.body_0'],
    ['change a column', "UPDATE log.body SET sealed = 'x'"],
    ['truncate', 'TRUNCATE log.body'],
    ['truncate past the parent', 'TRUNCATE log.body_0'],
  ])('%s', async (_what, sql) => {
    await put(new PostgresBodyStore(service), 'COMMIT', 1);
    await expect(service.query(sql)).rejects.toMatchObject({ code: '42501' });
  });

  it.each([['far above the head', 65_537], ['far above any log', 2 ** 52], ['nowhere', null]])(
    'ask for room %s',
    async (_where, last) => {
      await expect(service.query('SELECT log.make_room_for_bodies($1)', [last])).rejects.toMatchObject({ code: 'CU004' });
      await service.query('SELECT log.make_room_for_bodies($1)', [65_536]);
      expect(await partitions()).toHaveLength(2);
    },
  ); // prettier-ignore
});

describe('a tired owner is stopped', () => {
  it.each([
    ['DELETE FROM log.body'],
    ['DELETE FROM log.body_0'],
    ["UPDATE log.body SET field = 'x'"],
    ["UPDATE log.body_0 SET field = 'x'"],
    ['TRUNCATE log.body'],
    ['TRUNCATE log.body_0'],
    ['TRUNCATE log.body_262144'],
  ])('%s', async (sql) => {
    await put(new PostgresBodyStore(service), 'COMMIT', 1);
    await expect(owner.query(sql)).rejects.toMatchObject({ code: 'CU003' });
  });

  it('in a partition that an append made', async () => {
    await narrowPartitions();
    await put(new PostgresBodyStore(service), 'COMMIT', 15);
    for (const sql of ['DELETE FROM log.body_10', 'TRUNCATE log.body_10', "UPDATE log.body_10 SET field = 'x'"]) {
      await expect(owner.query(sql)).rejects.toMatchObject({ code: 'CU003' });
    }
  });
});

describe('an append never misses a partition', () => {
  it('whichever instance writes, over the ends of many', async () => {
    await narrowPartitions();
    const stores = [new PostgresBodyStore(service), new PostgresBodyStore(service)];
    for (let position = 0; position < 60; position += 1) await put(stores[position % 2] as PostgresBodyStore, 'COMMIT', position);
    expect(await partitions()).toEqual(Array.from({ length: 7 }, (_, index) => [index * 10, index * 10 + 10]));
    expect(await owner.query('SELECT FROM log.body')).toMatchObject({ rowCount: 60 });
  }); // prettier-ignore

  it('of one transaction that fills several', async () => {
    await narrowPartitions();
    await put(new PostgresBodyStore(service), 'COMMIT', 5, 15, 25, 35);
    expect((await partitions()).at(-1)).toEqual([40, 50]);
  });

  it('after a transaction that made one was rolled back', async () => {
    await narrowPartitions();
    const store = new PostgresBodyStore(service);
    await put(store, 'ROLLBACK', 5, 15);
    await put(store, 'COMMIT', 5, 15);
    await put(store, 'ROLLBACK', 25, 35);
    await put(store, 'COMMIT', 25, 35);
    expect((await partitions()).at(-1)).toEqual([40, 50]);
  });

  it('while a reader holds on to what it read, as a backup does', async () => {
    await narrowPartitions();
    const reader = await owner.connect();
    await reader.query('BEGIN');
    await reader.query('LOCK TABLE log.body IN ACCESS SHARE MODE');
    await put(new PostgresBodyStore(service), 'COMMIT', 15);
    await reader.query('ROLLBACK');
    reader.release();
    expect((await partitions()).at(-1)).toEqual([20, 30]);
  });

  it('and does not wait for the next one while somebody works on the table', async () => {
    await narrowPartitions();
    const store = new PostgresBodyStore(service);
    const vacuum = await owner.connect();
    await vacuum.query('BEGIN');
    await vacuum.query('LOCK TABLE log.body IN SHARE UPDATE EXCLUSIVE MODE'); // as VACUUM and ANALYZE do
    await put(store, 'COMMIT', 5);
    expect(await partitions()).toEqual([[0, 10]]);
    await vacuum.query('ROLLBACK');
    vacuum.release();
    await put(store, 'COMMIT', 15);
    expect(await partitions()).toEqual([[0, 10], [10, 20], [20, 30]]);
  }); // prettier-ignore
});

describe('the migration', () => {
  it('keeps the columns of a log that is there, in their place', async () => {
    const name = `${database.name}_old`;
    await owner.query(`CREATE DATABASE ${name}`);
    const url = new URL(database.superuserUrl);
    url.pathname = `/${name}`;
    const old = new pg.Client({ connectionString: url.href });
    await old.connect();
    try {
      for (const file of (await readdir('migrations')).filter((name) => name.endsWith('.sql')).sort()) {
        if (file.startsWith('0010')) {
          await old.query("INSERT INTO log.body VALUES (3, 'url', 'a'), (299999, 'typed', 'b')");
          await old.query('UPDATE log.head SET size = 300000');
        }
        await old.query(await readFile(`migrations/${file}`, 'utf8'));
      }
      const { rows } = await old.query("SELECT tableoid::regclass::text AS at, position::int, field, sealed::text FROM log.body ORDER BY 2"); // prettier-ignore
      expect(rows).toEqual([
        { at: 'log.body_0', position: 3, field: 'url', sealed: '\\x61' },
        { at: 'log.body_0', position: 299_999, field: 'typed', sealed: '\\x62' },
      ]);
      const bounds = await old.query('SELECT lower::int, upper::int FROM log.body_partition ORDER BY lower');
      expect(bounds.rows).toEqual([{ lower: 0, upper: 524_288 }, { lower: 524_288, upper: 786_432 }]); // prettier-ignore
    } finally {
      await old.end();
      await owner.query(`DROP DATABASE ${name}`);
    }
  });
});

describe('a read by position and a scan', () => {
  it('touch the partitions that they ask for and no other', async () => {
    await narrowPartitions();
    await put(new PostgresBodyStore(service), 'COMMIT', 5, 15, 25, 35);
    const seen: string[] = [];
    const explained = {
      query: async (asked: string | { text: string; values: unknown[] }, values?: unknown[]) => {
        const [text, given] = typeof asked === 'string' ? [asked, values] : [asked.text, asked.values];
        const { rows } = await owner.query(`EXPLAIN (ANALYZE, COSTS OFF) ${text}`, given);
        seen.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return { rows: [] };
      },
    } as unknown as pg.Pool;
    const store = new PostgresBodyStore(explained);
    await store.column(15 as Position, 'url');
    await explained.query(scanStatement({ position: 10, field: '' }, 20, 200));
    for (const plan of seen) {
      expect(plan).toContain('body_10');
      expect(plan).not.toMatch(/body_0|body_20|body_30|Seq Scan|Sort/);
    }
    expect(seen).toHaveLength(3); // a small column is asked for together with others, and by itself where it was not among them
  });

  it('gives every column once and in order, whatever a page holds, and whatever somebody named one', async () => {
    const store = new PostgresBodyStore(service);
    const names = ["it's \\ not ours", 'typed', 'url'] as FieldName[];
    const columns = [1, 2, 3].flatMap((position) => names.map((field) => column(position, field)));
    await transaction('COMMIT', (client) => store.put(client, columns));
    for (const most of [1, 2, 4, 9, 10, undefined]) {
      const pages: StoredColumn[][] = [];
      for await (const page of store.scan(1, 4, most)) pages.push([...page]);
      expect(pages.flat()).toEqual(columns);
      expect(Math.max(...pages.map(({ length }) => length))).toBe(Math.min(most ?? 9, 9));
    }
  });
});
