import { Problem } from '../problem.js';
import { mostTogether } from './command-hash.js';
import { AnsweredApart } from './decide-group.js';
import type { CommandId, PersonId } from './ids.js';
import { consent, TestLog } from './test-log.spec.js';
import { writeCommand } from './write-command.js';

/** The answer that is kept for a command is not what a row says, but what the header of its first entry names. */
let test: TestLog;
beforeEach(async () => {
  test = await TestLog.open();
  await ask('before-it');
});
afterEach(() => test.close());

const ask = (id: string, intent = 'intent', log = test.log) =>
  log.append(writeCommand(id as CommandId, 'tester' as PersonId, intent), ({ size }) => ({
    entries: [consent(), consent('subject/s2')],
    answer: { size, grant: undefined },
  }));

async function intrude(...statements: string[]): Promise<void> {
  const client = await test.pool('superuser').connect();
  await client.query('SET session_replication_role = replica');
  for (const statement of statements) await client.query(statement);
  client.release();
}
const problems = async () => (await test.verify()).problems.map(({ position, check }) => `${position} ${check}`);

const forgeries: readonly [what: string, sql: string, found: string[]][] = [
  ['another answer', `SET answer = '{"size": 9}'`, ['3 command_differs']],
  ['an answer that we cannot have written', `SET answer = '1e300'`, ['3 command_differs']],
  ['another digest of the intent', `SET digest = sha256('x')`, ['3 command_differs']],
  ['one entry less', 'SET count = 1', ['3 command_differs']],
  ['more entries than there are', 'SET count = 2000000000', ['3 command_differs']],
  ['the entry behind it', 'SET first = 4', ['3 command_missing', '4 command_differs']],
  ['an entry of another command', 'SET first = 2', ['2 command_differs', '3 command_missing']],
  ['an entry that is not there', 'SET first = 99', ['3 command_missing', '99 not_in_the_log']],
];

describe('a command sent again is not answered', () => {
  it.each(forgeries)('once its row says %s, and verification names it', async (_, sql, found) => {
    await ask('the-command');
    await intrude(`UPDATE log.command ${sql} WHERE command = 'the-command'`);
    await expect(ask('the-command')).rejects.toMatchObject({ code: 'log_corrupt' });
    expect(await problems()).toEqual(found);
    expect(test.log.size).toBe(5);
  });

  it('out of a row that was made for it, and it is not carried out either', async () => {
    await ask('the-command');
    await intrude(
      `UPDATE log.command SET command = 'never-sent' WHERE command = 'the-command'`,
      `INSERT INTO log.command SELECT actor, 'of-nobody', digest, 4, 1, answer FROM log.command WHERE first = 1`,
    );
    for (const [id, position] of [
      ['never-sent', 3],
      ['of-nobody', 4],
    ] as const) {
      await expect(ask(id)).rejects.toEqual(new Problem('log_corrupt', { position }));
    }
    expect(await problems()).toEqual(['3 command_differs', '4 command_differs']);
    expect(test.log.size).toBe(5);
  });

  it('out of a header that was changed together with its row', async () => {
    await ask('the-command');
    await intrude(`UPDATE log.entry SET header = (SELECT header FROM log.entry WHERE position = 1) WHERE position = 3`);
    await expect(ask('the-command')).rejects.toEqual(new Problem('log_corrupt', { position: 3 }));
  });
});

describe('a command sent again', () => {
  it('is answered as before by an instance that has just started, out of what is proven', async () => {
    const first = await ask('the-command');
    const restarted = test.instance();
    await restarted.start();
    const { answer, positions, repeated } = await ask('the-command', 'intent', restarted);
    expect({ answer, positions, repeated }).toEqual({
      answer: { size: 3 },
      positions: first.positions,
      repeated: true,
    });
    await expect(ask('the-command', 'another intent', restarted)).rejects.toEqual(new Problem('command_reused'));
    expect(await problems()).toEqual([]);
  });

  it.each([
    ['is gone', 'ALTER TABLE log.command DROP CONSTRAINT command_pkey', 'SELECT'],
    // PostgreSQL plans on the word of an index, which whoever owns the database can give.
    [
      'was not asked, and says that it was',
      `UPDATE pg_index SET indisunique = false WHERE indexrelid = 'log.command_pkey'::regclass`,
      `UPDATE pg_index SET indisunique = true WHERE indexrelid = 'log.command_pkey'::regclass`,
    ],
    [
      'was not told',
      `UPDATE pg_index SET indisready = false WHERE indexrelid = 'log.command_pkey'::regclass`,
      `UPDATE pg_index SET indisready = true WHERE indexrelid = 'log.command_pkey'::regclass`,
    ],
  ])(
    'is carried out a second time where its row is gone, and verification finds the first, and both, if the index %s',
    async (_, before, after) => {
      await ask('the-command');
      await intrude(
        'CREATE TABLE public.kept AS TABLE log.command',
        `DELETE FROM log.command WHERE command = 'the-command'`,
      );
      await expect(ask('the-command')).resolves.toMatchObject({ positions: [5, 6], repeated: false });
      expect(await problems()).toEqual(['3 command_missing']);
      await intrude(before, `INSERT INTO log.command SELECT * FROM public.kept WHERE command = 'the-command'`, after);
      expect(await problems()).toEqual(['5 command_repeated']);
    },
  );

  it('has one row for its entry: a second one is found', async () => {
    await intrude(
      'ALTER TABLE log.command DROP CONSTRAINT command_pkey',
      'INSERT INTO log.command SELECT * FROM log.command WHERE first = 1',
    );
    expect(await problems()).toEqual(['1 command_differs']);
  });
});

describe('commands that wrote together', () => {
  const intentOf = (id: string) => writeCommand(id as CommandId, 'tester' as PersonId, `intent of ${id}`);
  const askTogether = (ids: readonly string[], log = test.log) =>
    log.appendTogether(ids.map(intentOf), ({ size }) => ({
      entries: [consent(), consent('subject/s2')],
      answer: ids.map((id) => ({ to: id, size })),
    }));
  const askAgain = (id: string, log = test.log) =>
    log.append(intentOf(id), () => {
      throw new Error('was decided already');
    });
  const three = ['the-first', 'the-second', 'the-third'];

  it('have written once, and each is answered again with its own answer, out of what is proven', async () => {
    const { answer, positions } = await askTogether(three);
    expect(answer).toEqual(three.map((to) => ({ to, size: 3 })));
    const restarted = test.instance();
    await restarted.start();
    for (const to of three) {
      expect(await askAgain(to, restarted)).toMatchObject({ answer: { to, size: 3 }, positions, repeated: true });
    }
    await expect(ask('the-second')).rejects.toEqual(new Problem('command_reused'));
    expect(await test.verify()).toMatchObject({ ok: true, entries: 5 });
  });

  it.each([
    ['another answer', `UPDATE log.command SET answer = '{}' WHERE command = 'the-first'`, ['3 command_differs']],
    ['another place', `UPDATE log.command SET first = 4 WHERE command = 'the-first'`, ['3 command_differs', '4 command_differs']],
    ['no row', `DELETE FROM log.command WHERE command = 'the-first'`, ['3 command_differs']],
    ['a row of somebody else beside it', `INSERT INTO log.command SELECT actor, 'never-sent', digest, first, count, answer FROM log.command WHERE command = 'the-first'`, ['3 command_differs']],
  ])('are not answered once one of them has %s, and verification names it', async (_, sql, found) => {
    await askTogether(three);
    await intrude(sql);
    await expect(askAgain('the-second')).rejects.toEqual(new Problem('log_corrupt', { position: 3 }));
    expect(await problems()).toEqual(found);
  }); // prettier-ignore

  it('are no more than can be read together to prove one of them, and at least one', async () => {
    const many = Array.from({ length: mostTogether }, (_, index) => `one-of-${index}`);
    await expect(askTogether([...many, 'one-more'])).rejects.toThrow(RangeError);
    await expect(askTogether([])).rejects.toThrow(RangeError);
    await askTogether(many);
    expect(await askAgain('one-of-300')).toMatchObject({ answer: { to: 'one-of-300', size: 3 }, repeated: true });
    expect(await test.verify()).toMatchObject({ ok: true, entries: 5 });
  });

  it('are refused where one of them was answered before, or is among them twice; nothing is written', async () => {
    await askTogether(three);
    for (const again of [
      ['new-one', 'the-second'],
      ['new-one', 'new-one'],
      ['before-it', 'new-one'],
    ]) {
      await expect(askTogether(again)).rejects.toThrow(AnsweredApart);
    }
    expect(test.log.size).toBe(5);
    expect(await askTogether(['new-one', 'newer-one'])).toMatchObject({ positions: [5, 6] });
    expect(await test.verify()).toMatchObject({ ok: true, entries: 7 });
  });
});
