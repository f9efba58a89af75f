import { randomBytes } from 'node:crypto';
import pg from 'pg';
import '../../test/page-threads.js';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { writeTrueLog } from '../../test/true-log.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { openPool } from './database.js';
import type { Slice } from './governance.js';
import { LogReader } from './log-reader.js';
import { VerifiedReplay } from './verified-replay.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const trusted = { origin, verifiers: [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))] };
/** Where each governing entry was seen: the order and the places that other threads gave them. */
const seen: Slice<readonly number[]> = {
  key: { slice: 'seen' },
  empty: [],
  evolve: (state, entry) => [...state, entry.position],
};
/** Just enough that whole pages go to other threads, and a few entries before and after them do not. */
const entries = 10 * 4096 + 77;

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await cloneDatabase();
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await writeTrueLog(client, { origin, signer, entries });
  await client.end();
  pool = openPool(database.url('custos_reader'), { connections: 3, name: 'test' });
}, 120_000);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function replay(upTo = entries, replayed = new VerifiedReplay(trusted, [seen])) {
  const reader = new LogReader(pool);
  const claimed = upTo === entries ? await reader.head() : await reader.checkpointCovering(upTo);
  return { replayed, ...(await replayed.advanceTo(pool, claimed)) };
}

async function asIntruder(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query(`SET session_replication_role = replica; ${sql}`);
  await client.end();
}

describe('a replay on other threads refuses', () => {
  const flip = (column: string, position: number) =>
    `UPDATE log.entry SET ${column} = set_byte(${column}, 20, get_byte(${column}, 20) # 1) WHERE position = ${position}`;
  it.each([
    ['a changed header', flip('header', 20_000), flip('header', 20_000), 20_000],
    ['a changed leaf', flip('leaf', 20_001), flip('leaf', 20_001), 20_001],
    [
      'a row that is not there',
      'UPDATE log.entry SET position = -5 WHERE position = 12288',
      'UPDATE log.entry SET position = 12288 WHERE position = -5',
      12_288,
    ],
    ['two rows in each other’s place', swap(30_000, 30_001), swap(30_000, 30_001), 30_000],
  ])('%s, by its position', async (_what, change, putBack, position) => {
    await asIntruder(`ALTER TABLE log.entry DROP CONSTRAINT IF EXISTS entry_position_check; ${change}`);
    await expect(replay()).rejects.toMatchObject({ code: 'log_corrupt', members: { position } });
    await asIntruder(putBack);
  });
});

it.each([20_002, entries - 1])('entry %i of a later version is told apart from a changed one', async (position) => {
  const { rows } = await pool.query<{ header: Buffer }>('SELECT header FROM log.entry WHERE position = $1', [position]);
  const set = (header: string) =>
    asIntruder(
      `UPDATE log.entry SET (header, leaf) = (SELECT now, sha256('\\x00'::bytea || now) FROM (SELECT ${header} AS now) _) WHERE position = ${position}`,
    );
  await set('set_byte(header, 3, 3)');
  await expect(replay()).rejects.toMatchObject({ code: 'log_too_new', members: { position } });
  await set(`'\\x${rows[0]!.header.toString('hex')}'::bytea`);
  expect((await replay()).size).toBe(entries);
});

describe('a replay on other threads', () => {
  it('comes to what a replay here, a few entries at a time, comes to', async () => {
    const whole = await replay();
    const { rows } = await pool.query<{ position: number }>(
      'SELECT position FROM log.entry WHERE governs ORDER BY position',
    );
    expect(whole.governance.of(seen.key)).toEqual(rows.map(({ position }) => position));
    let step = await replay(5000);
    while (step.size < entries) step = await replay(Math.min(step.size + 5000, entries), step.replayed);
    expect(step.frontier).toEqual(whole.frontier);
    expect(step.governance.of(seen.key)).toEqual(whole.governance.of(seen.key));
  });

  it('tells of every entry in its place: it is shown, or time passed by it', async () => {
    const [shown, passed]: [number[], number[]] = [[], []];
    const { rows } = await pool.query<{ position: number; at: number; type: string }>(
      'SELECT position, at, type FROM log.entry ORDER BY position',
    );
    const wanted = rows.filter(({ type }) => type === 'consent.changed' || type === 'columns.expired' || type === 'session.keyed'); // prettier-ignore
    const times = new Map(rows.map(({ position, at }) => [position, at]));
    let next = 0;
    const inOrder = (position: number, at: number) => {
      if (position !== next || at !== times.get(position)) throw new Error(`entry ${next} is out of its place`);
      next += 1;
    };
    const replayed = new VerifiedReplay(trusted, [seen]);
    await replayed.advanceTo(pool, await new LogReader(pool).head(), {
      shown: new Set(['session.keyed']),
      visit: (_before, { position, at }) => void (inOrder(position, at), shown.push(position)),
      passed: (position, at) => void (inOrder(position, at), passed.push(position)),
    });
    expect(shown).toEqual(wanted.map(({ position }) => position));
    expect(shown.length + passed.length).toBe(entries);
  });

  it('shares them with another one of the same process', async () => {
    const [one, two] = await Promise.all([replay(), replay(36_992)]);
    expect(one.size).toBe(entries);
    expect(two.size).toBe(36_992);
  });
});

function swap(a: number, b: number): string {
  return [
    `SET position = -7 WHERE position = ${a}`,
    `SET position = ${a} WHERE position = ${b}`,
    `SET position = ${b} WHERE position = -7`,
  ]
    .map((set) => `UPDATE log.entry ${set}`)
    .join('; ');
}
