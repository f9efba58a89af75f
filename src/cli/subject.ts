import { Argument, type Command } from 'commander';
import { ownCopy } from '../log/ids.js';
import { collect, parseDuration, segment } from './arguments.js';
import { connect, globals, withReceipts } from './globals.js';
import { jsonText, listing, printResult, visible } from './output.js';
import { wrongUse } from './refusal.js';

interface ConsentOptions {
  readonly subject?: string;
  readonly for?: string;
}

interface CopyOptions {
  readonly session?: readonly string[];
  readonly field?: readonly string[];
  readonly recording?: true | string;
  readonly html?: string;
}

const consentOf = { given: 'given', refuse: 'refused', pause: 'paused', resume: 'given' } as const;

export function register(program: Command): void {
  withReceipts(program.command('consent'))
    .description('a subject says whether their records may be stored')
    .addArgument(new Argument('<consent>', 'from now on').choices(Object.keys(consentOf)))
    .option('--subject <id>', 'the subject (default: the one that you act as)')
    .option('--for <duration>', 'with pause: until this has passed (default: until you say otherwise): 30m, 2h, 7d')
    .addHelpText(
      'after',
      `
Examples:
  $ custos --as subject:anna consent pause --for 2h
  $ custos --as subject:anna consent refuse
  $ custos --as subject:anna consent resume`,
    )
    .action(async (word: keyof typeof consentOf, options: ConsentOptions, command: Command) => {
      const { subject: named, for: duration } = options;
      if (duration !== undefined && word !== 'pause') throw wrongUse('--for', 'with pause only');
      const until = duration === undefined ? undefined : Date.now() + parseDuration('--for', duration) * 1000;
      const all = globals(command);
      const client = await connect(all);
      const subject = named ?? subjectIn(client.person);
      if (subject === undefined) throw wrongUse('--subject', 'needed unless you act as a subject');
      const path = `/v1/subjects/${segment(subject)}/consent`;
      const answer = await client.put<Record<string, unknown>>(path, {
        consent: consentOf[word],
        ...(until === undefined ? {} : { until }),
      });
      await printResult(all.json, answer, () => listing(Object.entries(answer)));
    });
  withReceipts(program.command('copy'))
    .description('a subject reads what was captured of them: a disclosure to themselves, which needs nobody else')
    .option('--session <id>', 'this session only; may be given several times (default: all of theirs)', collect)
    .option('--field <name>', 'this field only; may be given several times (default: all)', collect)
    .option('--recording [file]', 'the recording in its own format instead, to a file or standard output')
    .option('--html <file>', 'the recording as one page that plays it, offline (rrweb, asciicast)')
    .addHelpText(
      'after',
      `
One JSON line a record. Each reading is in the log, and in the ledger of the subject, before they have it.

Examples:
  $ custos --as subject:anna copy --receipts receipts/
  $ custos --as subject:anna copy --session walk-1 --recording walk.json`,
    )
    .action(async ({ session, ...options }: CopyOptions, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const subject = subjectIn(client.person);
      if (subject === undefined) throw wrongUse('--as', 'a subject: nobody else has a copy of their own');
      const of = `/v1/subjects/${segment(subject)}`;
      const [{ printSessions }, { listSessions }] = await Promise.all([import('./read.js'), import('./session.js')]);
      const sessions = session ?? (await listSessions(client, `${of}/sessions`)).map((one) => one.session);
      await printSessions(client, { path: `${of}/copy`, grant: ownCopy, sessions, ...options }, all);
    });
  withReceipts(program.command('erase'))
    .description("destroy a subject's key: nobody can open their records again, in the vault or in a backup")
    .argument('<subject>', 'id of the subject')
    .option('--yes', 'do not ask first')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 erase anna')
    .action(async (subject: string, { yes = false }: { yes?: boolean }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const { confirm } = await import('./ask.js');
      await confirm(`Destroy the key of ${visible(subject)}, for ever?`, { yes, json: all.json });
      const answer = await client.post<Record<string, unknown>>(`/v1/subjects/${segment(subject)}/erasure`, {});
      await printResult(all.json, answer, () =>
        listing(Object.entries(answer).map(([name, value]) => [name, textOf(value)])),
      );
    });
}

const subjectIn = (person: string | undefined) =>
  person?.startsWith('subject:') === true ? person.slice('subject:'.length) : undefined;
const textOf = (value: unknown) => (typeof value === 'object' ? jsonText(value) : value);
