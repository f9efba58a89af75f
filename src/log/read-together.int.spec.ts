import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { openPool } from './database.js';
import type { Draft } from './draft.js';
import type { FieldName } from './fields.js';
import type { CommandId, PersonId, Position, SessionId, SubjectId } from './ids.js';
import { headersTogether, LogReader, readSessions } from './log-reader.js';
import { Log } from './log.js';
import { mostBytesTogether, PostgresBodyStore } from './postgres-body-store.js';
import { writeCommand } from './write-command.js';

const origin = 'custos.example/test';
const signer = ed25519Signer(origin, randomBytes(32));

let database: TestDatabase;
let pool: pg.Pool;
let superuser: pg.Pool;
let log: Log;
let queries: number;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url('custos_service'), { connections: 4, name: 'test' });
  superuser = openPool(database.superuserUrl, { connections: 1, name: 'intruder' });
  const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
  log = new Log({ pool, identity: { origin, signer }, verifiers, slices: [] });
  await log.start();
});
afterAll(async () => {
  await log.close();
  await pool.end();
  await superuser.end();
  await database.drop();
});

/** The same pool, which counts what it is asked. */
const counting = () => {
  queries = 0;
  const query = (...asked: Parameters<pg.Pool['query']>) => {
    queries += 1;
    return pool.query(...asked);
  };
  return { query } as unknown as pg.Pool;
};

async function write(session: string, entries: number): Promise<void> {
  const entry: Draft = { type: 'consent.changed', stream: `session/${session}`, subject: 's1' as SubjectId, data: { consent: 'given' } }; // prettier-ignore
  const command = writeCommand(randomUUID() as CommandId, 'source' as PersonId, 'x');
  await log.append(command, () => ({ entries: Array.from({ length: entries }, () => entry), answer: null }));
}

describe('sessions that are read at once', () => {
  const lengths = [1, headersTogether - 1, headersTogether, headersTogether + 1, 3 * headersTogether];
  const belows = [0, 1, headersTogether - 1, headersTogether, headersTogether + 1, undefined];
  beforeAll(async () => {
    for (const length of lengths) await write(`of-${length}`, length);
  });

  it('are what each is by itself, also up to a version, and one that is not there is empty', async () => {
    const reader = new LogReader(pool);
    const asked = ['of-none', ...lengths.map((length) => `of-${length}`)].flatMap((session) =>
      belows.map((below) => [session as SessionId, below] as const),
    );
    const read = await Promise.all(asked.map(([session, below]) => reader.session(session, below)));
    for (const [index, [session, below]] of asked.entries()) {
      const alone = await reader.stream(`session/${session}`, below === undefined ? {} : { below });
      expect(read[index]).toEqual(alone);
    }
    expect(read.at(-1)).toHaveLength(3 * headersTogether);
  });

  it('are one query, and one more for one that is long', async () => {
    const reader = new LogReader(counting());
    await Promise.all(
      ['of-none', 'of-1', 'of-1', `of-${headersTogether - 1}`].map((session) => reader.session(session as SessionId)),
    );
    expect(queries).toBe(1);
    await reader.session(`of-${headersTogether + 1}` as SessionId);
    expect(queries).toBe(3);
  });

  it('do not fail with the one of which somebody changed a row', async () => {
    await write('broken', 1);
    await superuser.query('SET session_replication_role = replica');
    await superuser.query(`UPDATE log.entry SET header = '\\x00' WHERE stream = 'session/broken'`);
    const reader = new LogReader(pool);
    const read = ['of-1', 'broken', `of-${headersTogether - 1}`].map((session) => reader.session(session as SessionId));
    expect((await Promise.allSettled(read)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
  });

  it('are looked for by their index, each', async () => {
    const client = await pool.connect();
    // A table of a few pages is read whole where its statistics are fresh, whatever indexes it has.
    await client.query('SET enable_seqscan = off');
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${readSessions.text}`, [['a', 'b'], [5, 6], 64]); // prettier-ignore
    client.release(true);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toContain('entry_stream_version_key');
    expect(plan).not.toContain('Seq Scan on entry');
  });
});

describe('columns that are read at once', () => {
  const columns: [number, FieldName, number][] = [
    [1, 'typed', 10],
    [1, 'url', mostBytesTogether],
    [2, 'typed', mostBytesTogether + 1],
    [2, 'time', 20],
  ];
  const sealed = new Map(columns.map(([position, field, bytes]) => [`${position}/${field}`, randomBytes(bytes)]));
  beforeAll(async () => {
    const client = await pool.connect();
    await client.query('BEGIN');
    const stored = columns.map(([position, field]) => ({ position: position as Position, field, sealed: sealed.get(`${position}/${field}`) as Buffer })); // prettier-ignore
    await new PostgresBodyStore(pool).put(client, stored);
    await client.query('COMMIT');
    client.release();
  });
  const read = (...asked: readonly (readonly [number, FieldName])[]) => {
    const store = new PostgresBodyStore(counting());
    return Promise.all(asked.map(([position, field]) => store.column(position as Position, field)));
  };

  it('are each its own, whatever is asked beside it, and as often as it is asked for', async () => {
    const asked = [[2, 'typed'], [1, 'typed'], [1, 'url'], [2, 'time'], [1, 'typed'], [2, 'url'], [9, 'typed']] as const; // prettier-ignore
    const found = await read(...asked);
    expect(found).toEqual(asked.map(([position, field]) => sealed.get(`${position}/${field}`)));
    expect(found.filter((one) => one === undefined)).toHaveLength(2);
  });

  it('are one query, and one more for each that is large', async () => {
    await read([1, 'typed'], [1, 'url'], [2, 'time']);
    expect(queries).toBe(1);
    await read([1, 'typed'], [2, 'typed'], [2, 'time']);
    expect(queries).toBe(2);
  });
});
