import { commands } from './commands.js';
import { listing, table, visible } from './output.js';
import { run, type Register } from './program.js';
import { Problem } from '../problem.js';
import { AnsweredNo } from './report-error.js';
import { globals } from './globals.js';

let out: string;
let err: string;
beforeEach(() => {
  out = '';
  err = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});
afterEach(() => jest.restoreAllMocks());

const failing =
  (error: Error): Register =>
  (program) =>
    void program.command('fail').action(() => {
      throw error;
    });

describe('the exit code is', () => {
  it.each([
    ['1 for a refusal', new Problem('disclosure_denied', { rules: ['budget_spent'] }), 1],
    ['1 for an answer of no', new AnsweredNo(), 1],
    ['1 for an error of ours', new TypeError('x'), 1],
    ['2 for wrong use', new Problem('usage'), 2],
    ['2 without a connection', new Problem('service_unreachable'), 2],
  ])('%s', async (_what, error, code) => expect(await run(['fail'], [failing(error)])).toBe(code));

  it.each([
    ['no command that exists', ['nonsense']],
    ['an unknown option', ['session', 'ls', '--nonsense']],
    ['a missing argument', ['ingest']],
  ])('2 for %s, and with --json the problem is on standard output', async (_what, args) => {
    expect(await run([...args, '--json'], commands)).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ code: 'usage' });
  });

  it('0 for help', async () => expect(await run(['ingest', '--help'], commands)).toBe(0));
});

describe('a refusal', () => {
  it('is one JSON document with --json, with its members', async () => {
    await run(['fail', '--json'], [failing(new Problem('disclosure_denied', { rules: ['budget_spent'] }))]);
    expect(JSON.parse(out)).toMatchObject({ code: 'disclosure_denied', rules: ['budget_spent'] });
  });

  it('is on standard error for people', async () => {
    await run(['fail'], [failing(new Problem('disclosure_denied', { rules: ['budget_spent'] }))]);
    expect(out).toBe('');
    expect(err).toContain('rules: budget_spent');
  });

  it('never shows the message of an error that we did not expect', async () => {
    await run(['fail'], [failing(new TypeError('secret-value'))]);
    expect(out + err).not.toContain('secret-value');
  });

  it('tells where it was when asked, and still not the message', async () => {
    process.env['CUSTOS_DEBUG'] = '1';
    try {
      await run(['fail'], [failing(new TypeError('secret-value'))]);
    } finally {
      delete process.env['CUSTOS_DEBUG'];
    }
    expect(err).toContain('TypeError');
    expect(err).toContain('cli/program.unit.spec.ts:');
    expect(out + err).not.toContain('secret-value');
  });
});

describe('the options of every command', () => {
  it.each([
    [['--json', '--as', 'x', '--data', 'd', 'look', 'f']],
    [['look', 'f', '--json', '--as', 'x', '--data', 'd']],
  ])('stand before and after its name: %j', async (args) => {
    let seen: unknown;
    const look: Register = (program) =>
      void program
        .command('look')
        .argument('<f>')
        .action((_f, _o, command) => void (seen = globals(command)));
    expect(await run(args, [look])).toBe(0);
    expect(seen).toEqual({ json: true, as: 'x', data: 'd' });
  });
});

describe('text of somebody else', () => {
  it('cannot move the cursor, or turn the line around', () => {
    expect(visible('a\u001b[2Kb\u202ec')).toBe('a\\u001b[2Kb\\u202ec');
  });

  it('stays in its line and its cell: whoever signs reads no line that is none of ours', async () => {
    const forged = 'ann\nfields     kind';
    expect(listing([['requester', forged], [forged, 'x']]).split('\n')).toHaveLength(2); // prettier-ignore
    expect(await table(['requester'], [[forged]])).toContain('ann\\u000afields');
  });
});
