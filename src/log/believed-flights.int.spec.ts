import { setTimeout } from 'node:timers/promises';
import type { Slice } from './governance.js';
import { command, consent, append, TestLog } from './test-log.spec.js';

/** The smallest state that tells how many entries a decision was made on. */
const governing: Slice<number> = {
  key: { slice: 'governing' },
  empty: 0,
  evolve: (state, entry) => (entry.type === 'consent.changed' ? state + 1 : state),
};
let test: TestLog;
beforeEach(async () => (test = await TestLog.open([governing])));
afterEach(() => test.close());

const decidedOn = (to: TestLog['log'], entries = [consent()]) =>
  to.append(command(), (head) => ({ entries, answer: { size: head.size, governing: head.of(governing.key) } }));
const many = Array.from({ length: 100 }, (_, index) => index);
/** What the server was asked to do, by the first words of each query. */
function recorded(pool: ReturnType<TestLog['pool']>): string[] {
  const queries: string[] = [];
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    client.query = ((...args: unknown[]) => {
      const [first] = args as [string | { text: string }];
      queries.push(
        (typeof first === 'string' ? first : first.text)
          .split(/[(\s]+/)
          .slice(0, 2)
          .join(' '),
      );
      return query(...args);
    }) as typeof client.query;
  });
  return queries;
}

function moment(): [come: Promise<void>, comes: () => void] {
  let comes = (): void => undefined;
  const come = new Promise<void>((resolve) => (comes = resolve));
  return [come, comes];
}

/** The versions of streams, once they have been read: nobody gets them before `answer` is called. */
function heldVersions(pool: ReturnType<TestLog['pool']>) {
  const [isRead, read] = moment();
  const [answered, answer] = moment();
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  pool.query = (async (...args: unknown[]) => {
    const result = await query(...args);
    if ((args[0] as { name?: string }).name === 'stream-versions') {
      read();
      await answered;
    }
    return result;
  }) as typeof pool.query;
  return { isRead, answer };
}

async function waitingForHead(count: number): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await test.pool('superuser').query(waiting)).rowCount !== count) await setTimeout(5);
}

describe('whoever appends alone', () => {
  it('sends each group in one flight, without asking where the head is', async () => {
    const pool = test.pool('custos_service');
    const queries = recorded(pool);
    const log = test.instance({ pool });
    await log.start();
    await append(log, consent());
    queries.length = 0;
    expect((await append(log, consent())).positions).toEqual([2]);
    expect(queries).toEqual(['BEGIN', 'SELECT log.append_group', 'COMMIT']);
  });

  it('does not look for a stream that an entry begins', async () => {
    const pool = test.pool('custos_service');
    const queries = recorded(pool);
    const log = test.instance({ pool });
    await log.start();
    await append(log, { ...consent(), begins: (position) => `subject/of-${position}` });
    queries.length = 0;
    await append(log, consent('subject/of-1'));
    expect(queries).toEqual(['BEGIN', 'SELECT log.append_group', 'COMMIT']);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 3 });
  });

  it('sends many at once in two groups, the second decided on the first', async () => {
    await append(test.log, consent());
    const done = await Promise.all(many.map(() => decidedOn(test.log)));
    expect(done.map(({ answer }) => answer)).toEqual(many.map((index) => ({ size: 2 + index, governing: 1 + index })));
    const notes = await test.pool('superuser').query('SELECT size FROM log.checkpoint ORDER BY size');
    const sizes = notes.rows.map(({ size }) => Number(size));
    // Where the first has landed before the second is sent, that is halved too.
    expect([sizes.slice(0, 3), sizes.at(-1)]).toEqual([[1, 2, 52], 102]);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 102 });
  });
});

describe('a belief that does not hold', () => {
  it('writes nothing, and everything is decided again at the head', async () => {
    const other = test.instance();
    await other.start();
    await append(test.log, consent());
    await append(other, consent());
    const done = await Promise.all(many.map(() => decidedOn(test.log)));
    expect(done.map(({ answer }) => answer)).toEqual(many.map((index) => ({ size: 3 + index, governing: 2 + index })));
    expect(await test.verify()).toMatchObject({ ok: true, entries: 103 });
  });

  it('refuses nobody: what writes nothing is decided with the head in hand', async () => {
    const other = test.instance();
    await other.start();
    await append(test.log, consent());
    await append(other, consent());
    const onceThereAreTwo = test.log.append(command(), (head) => {
      if (head.of(governing.key) < 2) throw new Error('refused on an old state');
      return { entries: [], answer: head.of(governing.key) };
    });
    expect((await onceThereAreTwo).answer).toBe(2);
  });

  it('is found out for a command that was answered before, which is answered again', async () => {
    const twice = command('twice');
    const [first] = [await test.log.append(twice, () => ({ entries: [consent()], answer: 'first' }))];
    const again = await test.log.append(twice, () => ({ entries: [consent()], answer: 'second' }));
    expect(again).toMatchObject({ answer: 'first', positions: first.positions, repeated: true });
    const refused = test.log.append(twice, () => {
      throw new Error('was decided already');
    });
    expect(await refused).toMatchObject({ answer: 'first', repeated: true });
  });

  it('is held about streams too: one that was written before this process started is read', async () => {
    await append(test.log, consent('subject/old'));
    const later = test.instance();
    await later.start();
    await append(later, consent('subject/new'));
    expect((await append(later, { ...consent('subject/old'), expectedVersion: 1 })).positions).toEqual([3]);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 4 });
  });
});

describe('a version that is read while the belief is lost', () => {
  it('is not kept, though the log has grown to the size that was believed', async () => {
    await append(test.log, consent());
    const pool = test.pool('custos_service');
    const { isRead, answer } = heldVersions(pool);
    const [log, other] = [test.instance({ pool }), test.instance()];
    await Promise.all([log.start(), other.start()]);
    await append(log, consent());
    const holder = await test.pool('superuser').connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM log.head FOR UPDATE');
    // The other one is the first to wait for the head, and begins a stream that this one asks about meanwhile.
    const theirs = append(other, consent('subject/new'));
    await waitingForHead(1);
    const own = append(log, consent());
    await waitingForHead(2);
    const asking = append(log, consent('subject/new'));
    await isRead;
    const flightIsOver = new Promise((over) => pool.once('release', over));
    await holder.query('ROLLBACK');
    holder.release();
    await flightIsOver;
    answer();
    const positions = (await Promise.all([theirs, own, asking])).map((one) => one.positions[0]);
    expect(positions).toEqual([3, 4, 5]);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 6 });
  });
});

describe('a stream that an entry is said to begin, and that is there', () => {
  it('is looked for once the database has refused to begin it', async () => {
    await append(test.log, consent('subject/old'));
    const later = test.instance();
    await later.start();
    await append(later, { ...consent('subject/new'), begins: () => 'subject/old' });
    expect((await append(later, consent('subject/old'))).positions).toEqual([3]);
    expect((await append(later, { ...consent('subject/old'), expectedVersion: 2 })).positions).toEqual([4]);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 5 });
  });
});

describe('a group that the database refuses', () => {
  it('takes the one behind it along, which is then decided anew; nothing is lost or written twice', async () => {
    await append(test.log, consent());
    const superuser = test.pool('superuser');
    await superuser.query(
      `CREATE FUNCTION log.fail() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN IF NEW.position < 10 THEN RAISE 'no'; END IF; RETURN NEW; END $$`,
    );
    await superuser.query('CREATE TRIGGER fail BEFORE INSERT ON log.entry FOR EACH ROW EXECUTE FUNCTION log.fail()');
    const ends = await Promise.allSettled(many.map(() => decidedOn(test.log)));
    // The second half is tried again from position 2, and refused there too.
    expect(
      new Set(ends.map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : end))),
    ).toEqual(new Set(['log_unavailable']));
    await superuser.query('DROP TRIGGER fail ON log.entry');
    const done = await Promise.all(many.map(() => decidedOn(test.log)));
    expect(done.map(({ positions }) => positions[0])).toEqual(many.map((index) => 2 + index));
    expect(await test.verify()).toMatchObject({ ok: true, entries: 102 });
  });
});
