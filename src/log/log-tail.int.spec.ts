import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  delayTransactions,
  expectAll,
  freshSeed,
  killListeners,
  many,
  storedHeaders,
  until,
  writeByMany,
} from './delayed-writers.spec.js';
import type { Log } from './log.js';
import { LogListener } from './log-listener.js';
import { followStatement, LogTail } from './log-tail.js';
import type { Followed } from './tail-window.js';
import { append, consent, TestLog } from './test-log.spec.js';

let test: TestLog;
let stop: AbortController;
beforeEach(async () => {
  test = await TestLog.open();
  stop = new AbortController();
  setMaxListeners(0, stop.signal);
});
afterEach(async () => {
  stop.abort();
  await test.close();
});

/** What a follower has seen, and a promise of its end. */
function follow(log: Pick<Log, 'tail'>, from: number, pause: () => Promise<unknown> = () => Promise.resolve()) {
  const seen: Followed[] = [];
  const ended = (async () => {
    for await (const page of log.tail.follow({ from, signal: stop.signal })) {
      seen.push(...page);
      await pause();
    }
  })();
  ended.catch(() => undefined);
  return { seen, ended };
}
/** One that comes and goes, and takes up where it was. */
function comingBack(log: Log) {
  const seen: Followed[] = [];
  const ended = (async () => {
    while (!stop.signal.aborted) {
      const visit = new AbortController();
      const leave = () => visit.abort();
      stop.signal.addEventListener('abort', leave);
      for await (const page of log.tail.follow({ from: seen.length, signal: visit.signal })) {
        seen.push(...page);
        if (page.length % 2 === 0) break;
      }
      stop.signal.removeEventListener('abort', leave);
    }
  })();
  ended.catch(() => undefined);
  return { seen, ended };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const length = async () => (await test.log.reader.head()).size;

describe('no entry is missed, seen twice or seen out of order by a follower', () => {
  it.each(['heard', 'lost'])(
    'while 16 writers append on two instances, transactions are delayed at random, and notifications are %s',
    async (notifications) => {
      const seed = freshSeed();
      const other = test.instance();
      await other.start();
      await delayTransactions(test, seed);
      const killing = notifications === 'lost' ? killListeners(test, stop.signal) : Promise.resolve(1);
      const readers = [
        follow(test.log, 0),
        follow(test.log, 0, () => sleep(25)),
        follow(other, 0),
        comingBack(test.log),
        comingBack(other),
      ];
      await writeByMany([test.log, other], seed);
      const stored = await storedHeaders(test);
      await until(() => readers.every(({ seen }) => seen.length >= stored.length));
      stop.abort();
      expect(await killing).toBeGreaterThan(0);
      await Promise.all(readers.map(({ ended }) => ended));
      for (const { seen } of readers) {
        expectAll(seed, seen.map(({ position, header }) => ({ position, header: base64(header) })), stored); // prettier-ignore
      }
    },
    120_000,
  );

  it('though it can never listen, and only asks now and then', async () => {
    const pool = test.pool('custos_service');
    await Promise.all(Array.from({ length: 4 }, () => pool.query('SELECT pg_sleep(0.1)')));
    // The connections that it has go on; a new one cannot be made.
    pool.options.connectionString = 'postgres://127.0.0.1:1/nowhere';
    const deaf = new LogTail(pool);
    const { seen } = follow({ tail: deaf }, 0);
    for (let size = 1; size <= 3; size += 1) {
      await until(() => seen.length === size);
      await append(test.log, consent());
    }
    await deaf.close();
  });
});

describe('a process that listens', () => {
  it('is woken by a commit of another one, and again after its connection was ended', async () => {
    let woken = 0;
    const listener = new LogListener(test.pool('custos_service').options, () => (woken += 1));
    await until(() => woken > 0);
    for (let round = 0; round < 3; round += 1) {
      const before = woken;
      await append(test.log, consent());
      await until(() => woken > before);
      const connected = woken;
      await test.pool('superuser').query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'`);
      await until(() => woken > connected);
    }
    await listener.close();
  });

  it('leaves nothing behind, though it is closed before it was connected', async () => {
    await new LogListener(test.pool('custos_service').options, () => undefined).close();
    await until(async () => (await listeners()) === 0);
  });
});

describe('a follower is refused', () => {
  it('behind the end: it remembers entries that are not there', async () => {
    await expect(follow(test.log, 2).ended).rejects.toMatchObject({ code: 'position_unknown', members: { size: 1 } });
    const at = follow(test.log, 1);
    await append(test.log, consent());
    await until(() => at.seen.length === 1);
  });

  it('and stopped at an entry that is gone, below the window and at the end', async () => {
    await append(test.log, ...many(20));
    const owner = test.pool('superuser');
    await owner.query('SET session_replication_role = replica');
    await owner.query('DELETE FROM log.entry WHERE position = 7');
    const behind = follow(test.log, 5);
    await expect(behind.ended).rejects.toMatchObject({ code: 'log_corrupt', members: { position: 7 } });
    expect(behind.seen).toEqual([]);
  });

  it('and stopped where the log is shorter than it was', async () => {
    await append(test.log, ...many(20));
    const { seen, ended } = follow(test.log, 0);
    await until(() => seen.length === 21);
    const owner = test.pool('superuser');
    await owner.query('SET session_replication_role = replica');
    await owner.query('UPDATE log.head SET size = 10');
    await expect(ended).rejects.toMatchObject({ code: 'log_rolled_back', members: { kept: 21, size: 10 } });
  });
});

describe('a follower', () => {
  it('that is far behind catches up, beside one that is not, each by the entries themselves', async () => {
    const front = follow(test.log, 1);
    for (let index = 0; index < 20; index += 1) await append(test.log, ...many(150));
    await until(() => front.seen.length === 3000);
    const behind = follow(test.log, 0);
    await until(() => behind.seen.length === 3001);
    await append(test.log, consent());
    await until(() => behind.seen.length === 3002 && front.seen.length === 3001);
    expect(behind.seen.map(({ position }) => position)).toEqual(Array.from({ length: 3002 }, (_, index) => index));
  });

  it('is asked for nothing while it does not read, and gets what it missed when it does', async () => {
    const following = test.log.tail.follow({ from: 0, signal: stop.signal });
    const first = await following.next();
    expect(first.value).toHaveLength(1);
    for (let index = 0; index < 10; index += 1) await append(test.log, ...many(300));
    let next = 1;
    while (next < 3001) {
      const { value } = await following.next();
      expect(value?.[0]?.position).toBe(next);
      expect(value?.length).toBeLessThanOrEqual(256);
      next += value?.length ?? 0;
    }
    await following.return(undefined);
  });

  it('waits for a database that is not there, and goes on', async () => {
    const { seen } = follow(test.log, 0);
    await until(() => seen.length === 1);
    await test.pool('superuser').query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND usename = 'custos_service'`);
    await until(() => append(test.log, consent()).then(() => true, () => false)); // prettier-ignore
    await until(async () => seen.length === (await length()));
  });

  it('ends with the log, and leaves no connection behind', async () => {
    const { ended } = follow(test.log, 0);
    await until(async () => (await listeners()) === 1);
    await test.log.close();
    await ended;
    await until(async () => (await listeners()) === 0);
  });

  it('shares its connection with all others of its process, and the last one closes it', async () => {
    const many = Array.from({ length: 50 }, () => follow(test.log, 0));
    await until(() => many.every(({ seen }) => seen.length === 1));
    await until(async () => (await listeners()) === 1);
    stop.abort();
    await Promise.all(many.map(({ ended }) => ended));
    await until(async () => (await listeners()) === 0);
  });
});

async function listeners(): Promise<number> {
  const { rows } = await test
    .pool('superuser')
    .query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
  return rows[0]?.n ?? 0;
}

describe('the statement that follows', () => {
  async function plan(from: number): Promise<string> {
    const client = await test.pool('custos_service').connect();
    try {
      // The plan that is kept for every position, which is the one that would go wrong.
      await client.query('SET plan_cache_mode = force_generic_plan');
      await client.query(`PREPARE following (bigint, int) AS ${followStatement.text}`);
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE following (${from}, 256)`);
      return rows.map((row) => row['QUERY PLAN']).join('\n');
    } finally {
      client.release(true);
    }
  }

  it.each(['a new log', 'a long log before its statistics', 'a long log'])(
    'reads positions off the primary key, in order, on %s',
    async (regime) => {
      const owner = test.pool('superuser');
      await owner.query('SET session_replication_role = replica');
      if (regime !== 'a new log') {
        await owner.query(`INSERT INTO log.entry
          SELECT n, 'many', n, type, at, subject, governs, leaf, header FROM log.entry, generate_series(1, 30000) n
          WHERE position = 0`);
        await owner.query('UPDATE log.head SET size = 30001');
      }
      if (regime === 'a long log') await owner.query('ANALYZE log.entry, log.head');
      for (const from of [0, 29_990]) {
        const found = await plan(from);
        expect(found).toMatch(/Index Scan using entry_pkey on entry/);
        expect(found).not.toMatch(/Sort|Seq Scan on entry/);
      }
    },
  );
});
