import type { Command } from 'commander';
import type { ContainmentReported, OpenReading } from '../log/entries.js';
import type { EntryOf } from '../log/header.js';
import { parseDuration, parseTime } from './arguments.js';
import { connect, globals, trustFilePath, withReceipts, type Globals } from './globals.js';
import { listing, printResult, say, table } from './output.js';
import { progressBar } from './progress-bar.js';
import { notVerified, refusalOf } from './refusal.js';
import { AnsweredNo } from './report-error.js';

interface Options {
  readonly since?: string;
  readonly person?: string;
  readonly subject?: string;
  readonly field?: string;
  readonly grant?: string;
  readonly lock?: true;
}
type Line = { readonly kind: string; readonly [member: string]: unknown };

export function register(program: Command): void {
  withReceipts(program.command('contain'))
    .description('try again, through the real path and opening nothing, all that could be read: who still can?')
    .option('--since <when>', 'grants in force since then: 7d, or ISO 8601 with its zone', '30d')
    .option('--person <id>', 'only what this person could read')
    .option('--subject <id>', 'only what is about this subject')
    .option('--field <name>', 'only this field')
    .option('--grant <id>', 'only what this grant gave')
    .option('--lock', 'lock each grant that still opens, and try all of it once more')
    .addHelpText(
      'after',
      `
Each reading is decided by the service and, whatever that says, by the keyholder; each is an entry of the log. The
last one is the report, and its receipt is the log's signature on it. Exit code 1 if anything is open.

Examples:
  $ custos --as officer1 lock --all --reason "Prompts were open to everyone"
  $ custos --as officer1 contain --receipts incident/
  $ custos --as officer1 contain --field prompt --since 2026-01-31T09:00:00Z --lock`,
    )
    .action(async (options: Options, command: Command) => {
      const all = globals(command);
      let report = await contain(options, all);
      if (report.data.open > 0 && options.lock) {
        await lockAll(report, all);
        report = await contain(options, all);
      }
      const { position, data } = report;
      await printResult(all.json, { position, contained: data.open === 0, ...data }, () => reportText(report));
      if (data.open > 0) throw new AnsweredNo();
    });
}

/** What the log holds of it, and not what the service says: the report is read out of its own receipt. */
async function contain(options: Options, all: Globals): Promise<EntryOf<'containment.reported'>> {
  const [{ trustedLogKey }, { verifyReceipt }, { saveReceipt }] = await Promise.all([
    import('./receipt.js'),
    import('../log/receipt.js'),
    import('./keep-receipts.js'),
  ]);
  const logKey = await trustedLogKey(trustFilePath(all.data));
  const { person, subject, field, grant, since = '30d' } = options;
  const client = await connect(all);
  const from = sinceOf(since);
  const only = { person, subject, field, grant };
  const body = { since: new Date(from).toISOString(), ...only };
  const receipt = await followed(client.postForLines('/v1/containments', body), all);
  const verified = verifyReceipt(receipt, logKey);
  if (verified.kind === 'refused') throw notVerified(verified.position, verified.check);
  const { entry } = verified;
  if (entry.type !== 'containment.reported') throw notVerified(entry.position, 'entry_type');
  // A report of an earlier time, or of a part of it, is signed by the log as well.
  const { data } = entry;
  const tried = data.only as Partial<typeof only> | null | undefined;
  const isOfThis = data.since === from && keysOf(only).every((name) => tried?.[name] === only[name]);
  if (!isOfThis) throw notVerified(entry.position, 'entry_question');
  if (all.receipts !== undefined) await saveReceipt(all.receipts, entry.position, receipt);
  return entry;
}

const keysOf = <T extends object>(of: T) => Object.keys(of) as (keyof T)[];

async function followed(lines: AsyncGenerator<unknown>, all: Globals): Promise<string> {
  const bar = await progressBar(0, 'readings', all);
  try {
    for await (const line of lines as AsyncGenerator<Line>) {
      const { kind, ...rest } = line;
      if (kind === 'problem') throw refusalOf(rest);
      if (kind === 'open' && !all.json) say(openText(rest as unknown as OpenReading));
      if (kind === 'progress') bar?.update(Number(rest['probed']));
      if (kind === 'report') return String((rest['receipts'] as unknown[] | undefined)?.at(-1));
    }
  } finally {
    bar?.stop();
  }
  // Cut off: what was tried is in the log, and nothing is proven by it.
  throw notVerified(0, 'ended_before_its_last_line');
}

async function lockAll({ data }: EntryOf<'containment.reported'>, all: Globals): Promise<void> {
  const client = await connect(all);
  for (const grant of new Set(data.named.map((one) => one.grant))) {
    await client.post('/v1/locks', { target: { kind: 'grant', grant }, reason: `Open in containment ${data.containment}` }); // prettier-ignore
  }
}

const sinceOf = (text: string): number =>
  /^[\ddhms]+$/.test(text) && !/^\d+$/.test(text)
    ? Date.now() - parseDuration('--since', text) * 1000
    : parseTime('--since', text);

const layersOf = ({ service, keyholder }: OpenReading) =>
  service && keyholder ? 'can read' : service ? 'the service lets it through' : 'the keyholder would open it';

const openText = (one: OpenReading) =>
  `${one.person}: ${one.fields.join()} of ${one.session} under ${one.grant}: ${layersOf(one)}`;

async function reportText({ position, data }: EntryOf<'containment.reported'>): Promise<string> {
  const { containment, probed, open, named } = data as ContainmentReported;
  const rows = named.map((one) => [one.person, one.subject, one.session, one.fields.join(), one.grant, layersOf(one)]);
  return [
    listing([
      ['containment', containment],
      ['report', `entry ${position}, signed by the log`],
    ]),
    ...(open === 0 ? [] : [await table(['person', 'subject', 'session', 'field', 'grant', 'what'], rows)]),
    `${open} of ${probed} can open`,
  ].join('\n');
}
