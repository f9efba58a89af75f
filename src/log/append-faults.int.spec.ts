import { randomBytes, randomUUID } from 'node:crypto';
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

const open = (url: string) => {
  const pool = openPool(url, { connections: 4, name: 'test' });
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
    const failing = append(consent);
    await terminateWhoeverWaits(superuser);
    await expect(failing).rejects.toMatchObject({ code: 'log_unavailable' });
    await holder.query('ROLLBACK');
    holder.release();
    expect((await append(consent)).positions).toEqual([1]);
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
