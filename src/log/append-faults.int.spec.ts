import { randomBytes, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { openPool } from './database.js';
import type { Draft } from './draft.js';
import { Governance } from './governance.js';
import type { CommandId, PersonId, SubjectId } from './ids.js';
import { Log } from './log.js';
import { verifyLog } from './verify-log.js';
import { writeCommand } from './write-command.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));
const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
const person = 'tester' as PersonId;
const consent: Draft = {
  type: 'consent.changed',
  stream: 'subject/s1',
  subject: 's1' as SubjectId,
  data: { consent: 'given' },
};
const command = () => writeCommand(randomUUID() as CommandId, person, 'intent');

let database: TestDatabase;
let pools: pg.Pool[];
let log: Log;

const open = (url: string, answersWithinMs?: number) => {
  const pool = openPool(url, { connections: 4, name: 'test', answersWithinMs });
  pools.push(pool);
  return pool;
};
const append = (...entries: Draft[]) => log.append(command(), () => ({ entries, answer: null }));
const verify = () =>
  verifyLog({
    db: open(database.url('custos_reader')),
    origin,
    verifiers,
    governance: Governance.empty([]),
    audit: () => undefined,
  });

beforeEach(async () => {
  database = await cloneDatabase();
  pools = [];
  log = new Log({
    pool: open(database.url('custos_service')),
    identity: { origin, signer },
    verifiers,
    slices: [],
  });
  await log.start();
});
afterEach(async () => {
  await log.close();
  for (const pool of pools) await pool.end();
  await database.drop();
});

describe('an append that fails', () => {
  it('leaves nothing of an outcome whose second entry cannot be encoded', async () => {
    const unfit = { ...consent, data: { consent: undefined } } as unknown as Draft;
    const failing = append(consent, unfit);
    const fine = append(consent);
    await expect(failing).rejects.toThrow();
    expect((await fine).positions).toEqual([1]);
    expect(await verify()).toMatchObject({ ok: true, entries: 2 });
  });

  it('since its connection broke says that nothing was stored, and the next one goes through', async () => {
    const superuser = open(database.superuserUrl);
    const holder = await superuser.connect();
    await holder.query('BEGIN; SELECT FROM log.head FOR UPDATE');
    const failing = expect(append(consent)).rejects.toMatchObject({ code: 'log_unavailable' });
    await terminateWhoeverWaits(superuser);
    // Until then nobody can say what became of it.
    await holder.query('ROLLBACK');
    holder.release();
    await failing;
    expect((await append(consent)).positions).toEqual([1]);
  });
});

describe('a server that does not answer', () => {
  it('is not waited for without end: the connection is given up, and the next one goes through', async () => {
    const pool = open(database.url('custos_service'), 200);
    await expect(pool.query('SELECT pg_sleep(1)')).rejects.toThrow();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('whoever holds the head and does not go on loses it, and others append', () => {
  const bounds = {
    lock_timeout: '15s',
    idle_in_transaction_session_timeout: '10s',
    tcp_user_timeout: '10000', // PostgreSQL shows this one without a unit
    transaction_timeout: '30s',
  };
  const settings = async (client: pg.ClientBase) => {
    const names = Object.keys(bounds).map((name) => `current_setting('${name}') AS ${name}`);
    return (await client.query(`SELECT ${names.join()}`)).rows[0];
  };
  /** Holds the head, with one of the bounds so short that a test can wait for it. */
  async function holder(bound: keyof typeof bounds): Promise<pg.PoolClient> {
    const client = await open(database.url('custos_service')).connect();
    await client.query('BEGIN');
    await client.query('SELECT FROM log.lock_head()');
    expect(await settings(client)).toEqual(bounds);
    // PostgreSQL does not shorten a transaction_timeout that is running: it must be off before.
    await client.query(`SET LOCAL ${bound} = 0`);
    await client.query(`SET LOCAL ${bound} = '300ms'`);
    return client;
  }

  it('between two statements', async () => {
    const client = await holder('idle_in_transaction_session_timeout');
    expect((await append(consent)).positions).toEqual([1]);
    client.release(true);
  });

  it('in a statement that takes too long', async () => {
    const client = await holder('transaction_timeout');
    const lost = expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow();
    expect((await append(consent)).positions).toEqual([1]);
    await lost;
    client.release(true);
  });

  it('while it does not read what the server sends', async () => {
    const client = await holder('tcp_user_timeout');
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    const lost = expect(client.query("SELECT repeat('x', 1000000) FROM generate_series(1, 200)")).rejects.toThrow();
    stream.pause();
    expect((await append(consent)).positions).toEqual([1]);
    stream.resume();
    await lost;
    client.release(true);
  });

  it('and a session keeps the bounds that it has of its own', async () => {
    const client = await open(database.url('custos_service')).connect();
    const own = { ...bounds, lock_timeout: '1s', transaction_timeout: '5s' };
    await client.query("SET lock_timeout = '1s'; SET transaction_timeout = '5s'");
    await client.query('BEGIN');
    await client.query("SELECT FROM log.take_head('{}', '{}')");
    expect(await settings(client)).toEqual(own);
    await client.query('ROLLBACK');
    client.release();
  });
});

async function terminateWhoeverWaits(superuser: pg.Pool): Promise<void> {
  for (;;) {
    const { rows } = await superuser.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = 'custos_service'`,
    );
    if (rows.length > 0) return;
    await sleep(20);
  }
}
