import { openPool } from './database.js';
import type { Draft } from './draft.js';
import { append, command, consent, TestLog } from './test-log.spec.js';

let test: TestLog;
beforeEach(async () => (test = await TestLog.open()));
afterEach(() => test.close());

describe('what is in the log went through one function', () => {
  it.each(['log.entry', 'log.command', 'log.tile', 'log.checkpoint', 'log.head'])(
    'since the service cannot insert into %s',
    async (table) => {
      await expect(test.pool('custos_service').query(`INSERT INTO ${table} DEFAULT VALUES`)).rejects.toMatchObject({
        code: '42501',
      });
    },
  );

  const now = 'extract(epoch FROM clock_timestamp()) * 1000';
  const call = (from: number, to: number, entries: number, { at = now, before = test.log.checkpoint } = {}) =>
    test.pool('custos_service').query(
      `SELECT log.append_group(${from}, '${before}', ${to}, floor(${at})::bigint, '', 'note', decode(repeat('00', 32 * ${entries}), 'hex'), '',
         array_fill(1, ARRAY[${entries}]), array_fill(0, ARRAY[${entries}]), array_fill('s'::text, ARRAY[${entries}]),
         (SELECT array_agg(v) FROM generate_series(0, ${entries} - 1) v), array_fill('t'::text, ARRAY[${entries}]),
         array_fill(NULL::text, ARRAY[${entries}]), array_fill(false, ARRAY[${entries}]),
         '{}', '{}', '', '{}', '{}', '{}', '{}', '{}', '')`,
    );

  it.each([
    ['that begins above the head', 2, 3, 1, 'CU001'],
    ['that begins below the head', 0, 1, 1, 'CU001'],
    ['with an entry less than it says', 1, 4, 2, 'CU002'],
    ['with an entry more than it says', 1, 2, 2, 'CU002'],
    ['of nothing', 1, 1, 1, 'CU002'],
  ])('and it refuses a group %s', async (_what, from, to, entries, code) => {
    await expect(call(from, to, entries)).rejects.toMatchObject({ code });
    await expect(call(1, 3, 2)).resolves.toBeDefined();
  });

  it('and it refuses a group that was decided on another log of the same size', async () => {
    await expect(call(1, 2, 1, { before: 'another' })).rejects.toMatchObject({ code: 'CU001' });
  });

  it.each([
    ['before that of the last entry', '(SELECT at FROM log.head) - 1'],
    ['that was decided at long before', `${now} - 6000`],
    ['in the future', `${now} + 1000`],
  ])('and it refuses a time %s', async (_what, at) => {
    await expect(call(1, 2, 1, { at })).rejects.toMatchObject({ code: 'CU004' });
  });
});

describe('an instance that stops while it holds the head', () => {
  it('loses it, and what it then sends is not written', async () => {
    const stale = await test.pool('custos_service').connect();
    await stale.query('BEGIN');
    await stale.query("SELECT FROM log.take_head('{}', '{}')");
    const { rows } = await stale.query("SELECT current_setting('idle_in_transaction_session_timeout') AS bound");
    expect(rows).toEqual([{ bound: '10s' }]);
    await stale.query("SET LOCAL idle_in_transaction_session_timeout = '100ms'"); // a test need not wait ten seconds
    expect((await append(test.log, consent())).positions).toEqual([1]);
    await expect(stale.query('COMMIT')).rejects.toThrow();
    stale.release(true);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 2 });
  });

  it('and comes back, decides anew on what was appended meanwhile', async () => {
    const stale = test.instance();
    await stale.start();
    for (let index = 0; index < 3; index += 1) await append(test.log, consent());
    await expect(append(stale, { ...consent(), expectedVersion: 0 })).rejects.toMatchObject({
      name: 'VersionConflict',
    });
    expect((await append(stale, { ...consent(), expectedVersion: 3 })).positions).toEqual([4]);
    expect((await append(test.log, { ...consent(), expectedVersion: 4 })).positions).toEqual([5]);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 6 });
  });
});

describe('an append of a session that does not wait for the disk', () => {
  /** What holds at its COMMIT, seen by a trigger that runs then. */
  async function atCommitOf(value: string): Promise<string> {
    await test.pool('superuser').query(
      `CREATE TABLE public.seen (value text);
       CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
         INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
       CREATE CONSTRAINT TRIGGER look AFTER UPDATE ON log.head DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION public.look()`,
    );
    const url = new URL(test.database.url('custos_service'));
    url.searchParams.set('options', `-c synchronous_commit=${value}`);
    const pool = openPool(url.href, { connections: 1, name: 'test' });
    expect((await append(test.instance({ pool }), consent())).positions).toEqual([1]);
    await pool.end();
    const { rows } = await test.pool('superuser').query<{ value: string }>('SELECT value FROM public.seen');
    return rows.map((row) => row.value).join();
  }

  it('waits for it all the same', async () => expect(await atCommitOf('off')).toBe('on'));
  it('waits as it was told to otherwise', async () => expect(await atCommitOf('remote_write')).toBe('remote_write'));
});

describe('one command that the database cannot hold', () => {
  // PostgreSQL's text has no zero character, and its indexes no key of megabytes.
  it.each([
    ['a zero character in a stream', { ...consent('subject/\0') } as Draft],
    ['a stream longer than an index can hold', { ...consent(`subject/${randomText(20_000)}`) } as Draft],
  ])('(%s) keeps no other out of the log', async (_what, unfit) => {
    const ends = await Promise.allSettled([
      append(test.log, consent()),
      append(test.log, unfit),
      append(test.log, consent()),
    ]);
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(JSON.stringify((ends[1] as PromiseRejectedResult).reason)).not.toContain('subject');
    expect(await test.verify()).toMatchObject({ ok: true, entries: 3 });
  });
});

describe('stream versions remembered', () => {
  it('are those of the database, whoever of two instances wrote last', async () => {
    const second = test.instance();
    await second.start();
    for (let round = 0; round < 6; round += 1) {
      const writer = round % 3 === 0 ? second : test.log;
      await Promise.all(Array.from({ length: 20 }, (_, index) => append(writer, consent(`subject/${index % 4}`))));
    }
    expect(await test.verify()).toMatchObject({ ok: true, entries: 121 });
  });

  it('do not count a group that was rolled back', async () => {
    await append(test.log, consent());
    const superuser = test.pool('superuser');
    await superuser.query(`CREATE FUNCTION log.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$`);
    await superuser.query('CREATE TRIGGER fail BEFORE INSERT ON log.entry EXECUTE FUNCTION log.fail()');
    await expect(append(test.log, consent())).rejects.toMatchObject({ code: 'log_unavailable' });
    await superuser.query('DROP TRIGGER fail ON log.entry');
    expect((await append(test.log, { ...consent(), expectedVersion: 1 })).positions).toEqual([2]);
  });
});

describe('a command sent again', () => {
  it('by another instance while the first is under way is answered once', async () => {
    const second = test.instance();
    await second.start();
    const again = command('at-the-same-time');
    const once = (to: typeof second) =>
      to.append(again, () => ({ entries: [consent()], answer: to === second ? 2 : 1 }));
    const [a, b] = await Promise.all([once(test.log), once(second)]);
    expect([a.repeated, b.repeated].sort()).toEqual([false, true]);
    expect(a.answer).toBe(b.answer);
    expect(await test.verify()).toMatchObject({ ok: true, entries: 2 });
  });
});

function randomText(length: number): string {
  // Not compressible: PostgreSQL would make a small key of a long repetition.
  return Array.from({ length }, () => Math.random().toString(36).slice(2, 3)).join('');
}
