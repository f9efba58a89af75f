import { randomBytes } from 'node:crypto';
import pg from 'pg';
import '../../test/page-threads.js';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { writeTrueLog } from '../../test/true-log.js';
import { openCheckpoint, signCheckpoint } from '../merkle/checkpoint.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import type { KeptCheckpoint } from './checkpoint-keeper.js';
import { openPool } from './database.js';
import type { PersonId } from './ids.js';
import { decodeHeader, encodeHeader } from './header.js';
import { Governance } from './governance.js';
import { PageThreads } from './page-threads.js';
import { entriesAPage } from './replay-page.js';
import { verifyLog } from './verify-log.js';

/**
 * Verification on other threads: what they send back is put together in the order of the log, whichever of them is
 * done first. Each case is put back, so that the log is true again for the next one.
 */
const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
const page = entriesAPage;
const entries = 10 * page + 77;
/** A checkpoint that the log has: one for 64 entries. */
const trusted = 6 * page;

let database: TestDatabase;
let pool: pg.Pool;
let intruder: pg.Client;
beforeAll(async () => {
  database = await cloneDatabase();
  intruder = new pg.Client({ connectionString: database.superuserUrl });
  await intruder.connect();
  await writeTrueLog(intruder, { origin, signer, entries });
  await intruder.query('SET session_replication_role = replica');
  pool = openPool(database.url('custos_reader'), { connections: 2, name: 'test' });
}, 120_000);
afterAll(async () => {
  await intruder.end();
  await pool.end();
  await database.drop();
});

const found = async (since?: number, remembered?: KeptCheckpoint) => {
  const governance = Governance.empty([]);
  const audit = () => undefined;
  const { ok, problems } = await verifyLog({ db: pool, origin, verifiers, governance, audit, since, remembered });
  expect(ok).toBe(problems.length === 0);
  return problems.map(({ position, check }) => `${position} ${check}`);
};

/** What is found once these statements are carried out. Rows of these positions are put back afterwards. */
async function foundAfter(
  statements: readonly string[],
  positions: readonly number[],
  since?: number,
): Promise<string[]> {
  const of = {
    entry: ['position', positions],
    command: ['first', positions],
    tile: ['level = 0 AND index', positions.map((position) => Math.floor(position / 256))],
  } as const;
  for (const [table, [key, values]] of Object.entries(of)) {
    await intruder.query(
      `CREATE TEMP TABLE ${table} AS SELECT * FROM log.${table} WHERE ${key} = ANY('{${values.join()}}')`,
    );
  }
  try {
    for (const sql of statements) await intruder.query(sql);
    return await found(since);
  } finally {
    for (const [table, [key, values]] of Object.entries(of)) {
      await intruder.query(`DELETE FROM log.${table} WHERE ${key} = ANY('{${values.join()}}')`);
      await intruder.query(`INSERT INTO log.${table} SELECT * FROM pg_temp.${table}; DROP TABLE pg_temp.${table}`);
    }
  }
}

const flip = (column: string, position: number) =>
  `UPDATE log.entry SET ${column} = set_byte(${column}, 20, get_byte(${column}, 20) # 1) WHERE position = ${position}`;
/** By another actor, with the leaf that belongs to it. */
async function forged(position: number): Promise<string> {
  const { rows } = await pool.query<{ header: Buffer }>('SELECT header FROM log.entry WHERE position = $1', [position]);
  const entry = decodeHeader((rows[0] as { header: Buffer }).header);
  const header = Buffer.from(encodeHeader({ ...entry, actor: 'somebody' as PersonId })).toString('hex');
  return `UPDATE log.entry SET header = '\\x${header}', leaf = sha256('\\x00${header}'::bytea) WHERE position = ${position}`;
}
const forgedTile = (position: number) =>
  `UPDATE log.tile t SET hashes = overlay(hashes PLACING (SELECT leaf FROM log.entry WHERE position = ${position}) FROM (${position} % 256) * 32 + 1)
   WHERE level = 0 AND index = ${position} / 256`;

describe('verification on other threads', () => {
  it('finds nothing in a log that is true, and does use them', async () => {
    const run = jest.spyOn(PageThreads.prototype, 'run');
    expect(await found()).toEqual([]);
    expect(await found(trusted)).toEqual([]);
    expect(run.mock.calls.filter(([kind]) => kind === 'verify')).toHaveLength(22);
    run.mockRestore();
  });

  it('names problems of several pages by position, the first one first, each once', async () => {
    const statements = [
      flip('header', 9 * page + 5),
      "UPDATE log.entry SET type = 'grant.revoked' WHERE position = 3",
      flip('leaf', 4 * page - 1),
      `UPDATE log.command SET answer = '1' WHERE first = ${7 * page}`,
      `DELETE FROM log.command WHERE first = ${2 * page + 9}`,
      `UPDATE log.tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 0 AND index = ${(5 * page) / 256}`,
      `DELETE FROM log.entry WHERE position = ${10 * page + 70}`,
    ];
    expect(
      await foundAfter(statements, [3, 2 * page + 9, 4 * page - 1, 5 * page, 7 * page, 9 * page + 5, 10 * page + 70]),
    ).toEqual([
      '3 column_differs',
      `${2 * page + 9} command_missing`,
      `${4 * page - 1} leaf_differs`,
      `${5 * page + 1} tile_differs`,
      `${7 * page} command_differs`,
      `${9 * page + 5} header_changed`,
      `${10 * page + 70} missing`,
    ]);
  });
});

describe('verification finds a row that the index of positions does not know', () => {
  it.each([
    ['of a position that has another', '5', '5 not_in_the_log'],
    ['above the head', '999999', '999999 not_in_the_log'],
  ])('%s, and that others would be shown', async (_, position, problem) => {
    const isReady = (value: boolean) =>
      intruder.query(`UPDATE pg_index SET indisready = ${value} WHERE indexrelid = 'log.entry_pkey'::regclass`);
    await isReady(false);
    await intruder.query(`INSERT INTO log.entry SELECT ${position}, 'subject/victim', 0, type, at, 'victim', governs, leaf, header
      FROM log.entry WHERE position = 5`);
    await isReady(true);
    try {
      const shown = await pool.query("SELECT header FROM log.entry WHERE subject = 'victim'");
      expect(shown.rows).toHaveLength(1);
      expect(await found()).toEqual([problem]);
    } finally {
      await intruder.query("DELETE FROM log.entry WHERE subject = 'victim'");
    }
  });
});

describe('verification finds an entry that is hidden from whoever asks', () => {
  const of = (position: number) => `position = ${position}`;
  it.each([
    ['by subject', 'entry_subject', of(3 * page + 60)],
    ['for sessions', 'entry_session', of(3 * page + 62)],
    ['for a stream', 'entry_stream_version_key', of(3 * page + 60)],
  ])('%s', async (_, index, where) => {
    const { rows } = await intruder.query<{ at: string; type: string }>(
      `SELECT position AS at, type FROM log.entry WHERE ${where}`,
    );
    const isReady = (value: boolean) =>
      intruder.query(`UPDATE pg_index SET indisready = ${value} WHERE indexrelid = 'log.${index}'::regclass`);
    const again = `CREATE TEMP TABLE hidden AS SELECT * FROM log.entry WHERE ${where}; DELETE FROM log.entry WHERE ${where};
      INSERT INTO log.entry SELECT * FROM hidden; DROP TABLE hidden`;
    await isReady(false);
    await intruder.query(again);
    await isReady(true);
    try {
      expect(await found()).toEqual([`${rows[0]?.at} not_indexed`]);
    } finally {
      await intruder.query(again);
    }
    expect(await found(trusted)).toEqual([]);
  });
});

describe('verification since a checkpoint', () => {
  it('looks at no tile and no kept answer below it', async () => {
    const statements = (at: number) => [
      `UPDATE log.command SET answer = '1' WHERE first = ${at}`,
      `DELETE FROM log.command WHERE first = ${at + 1}`,
      `UPDATE log.tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 0 AND index = ${at / 256}`,
    ];
    expect(await foundAfter(statements(2 * page), [2 * page, 2 * page + 1], trusted)).toEqual([]);
    expect(await foundAfter(statements(8 * page), [8 * page, 8 * page + 1], trusted)).toEqual([
      `${8 * page} command_differs`,
      `${8 * page + 1} tile_differs`,
      `${8 * page + 1} command_missing`,
    ]);
  });

  it.each([
    ['a header', [flip('header', 2 * page + 7)], 2 * page + 7, 'header_changed'],
    ['a leaf', [flip('leaf', 2 * page + 7)], 2 * page + 7, 'leaf_differs'],
  ] as const)('names %s that was changed below it by its own position', async (_, statements, position, check) => {
    const all = await foundAfter(statements, [position], trusted);
    expect(all).toContain(`${position} ${check}`);
    expect(all.filter((one) => !one.startsWith(`${position} `))).toEqual([]);
  });

  it('says that the log is not the one that is remembered, though its own checkpoint was put there', async () => {
    const size = 2 * page;
    const { rows } = await pool.query<{ note: string }>('SELECT note FROM log.checkpoint WHERE size = $1', [size]);
    const ours = { ...openCheckpoint(rows[0]?.note as string, origin, verifiers), note: rows[0]?.note as string };
    expect(await found(trusted, ours)).toEqual([]);
    // Of the log that there was: this one was put back to before it, and has gone on from there.
    const lost = { size, root: new Uint8Array(32).fill(7) };
    const note = signCheckpoint({ origin, ...lost }, signer);
    const put = (text: string) => intruder.query('UPDATE log.checkpoint SET note = $1 WHERE size = $2', [text, size]);
    await put(note);
    try {
      expect(await found(trusted, { ...lost, note })).toEqual([`${size - 1} rolled_back`]);
      expect(await found(undefined, { ...lost, note })).toEqual([`${size - 1} checkpoint_differs`, `${size - 1} rolled_back`]); // prettier-ignore
    } finally {
      await put(ours.note);
    }
  });

  it('says that the entries below it are not those that were signed, where header, leaf and tile are', async () => {
    const at = 2 * page + 7;
    const statements = [await forged(at), forgedTile(at)];
    const all = await foundAfter(statements, [at], trusted);
    // From there on: that is as far as the checkpoints tell, of which there is one for 64 entries.
    expect(all).toEqual([`${2 * page} below_trusted`, `${2 * page} tile_differs`]);
  });
});
