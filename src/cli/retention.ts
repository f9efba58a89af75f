import type { Command } from 'commander';
import { classes, classOf, fieldNames, type FieldClass } from '../log/fields.js';
import { connect, globals, withReceipts } from './globals.js';
import { printResult, table, timeText } from './output.js';
import { wrongUse } from './refusal.js';
import { withSignOptions, type SignOptions } from './signer.js';

interface FieldRetention {
  readonly field: string;
  readonly class: string;
  readonly days: number | null;
  readonly next: { readonly days: number; readonly from: number } | null;
  readonly expired: { readonly before: number; readonly position: number } | null;
}
interface Swept {
  readonly expired: readonly { readonly field: string; readonly before: number; readonly position: number }[];
  readonly deleted: number;
}
interface Keep {
  readonly field: string;
  readonly days: number | null;
}

export function register(program: Command): void {
  const retention = program.command('retention').description('how long sealed columns are kept, field by field');
  retention
    .command('ls')
    .description('what is kept for how long, what was set and is not in force yet, and what is gone')
    .addHelpText('after', '\nExample:\n  $ custos --as auditor retention ls')
    .action(async (_options: unknown, command: Command) => {
      const all = globals(command);
      const answer = await (await connect(all)).get<{ fields: readonly FieldRetention[] }>('/v1/retention');
      const head = ['field', 'class', 'kept', 'from then on', 'gone, if stored before', 'entry'];
      await printResult(all.json, answer, () => table(head, answer.fields.map(fieldRow)));
    });
  registerSet(retention);
  withReceipts(retention.command('sweep'))
    .description('give up and delete what is past its retention now, instead of within the hour')
    .option('--yes', 'do not ask first')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 retention sweep')
    .action(async ({ yes = false }: { yes?: boolean }, command: Command) => {
      const all = globals(command);
      const client = await connect(all);
      const { confirm } = await import('./ask.js');
      await confirm('Delete what is past its retention, for ever?', { yes, json: all.json });
      const swept = await client.post<Swept>('/v1/retention/sweeps', {});
      await printResult(all.json, swept, () => sweptText(swept));
    });
}

function registerSet(retention: Command): void {
  withSignOptions(retention.command('set'))
    .description(
      'ask for how long columns are kept, counted from when they were stored, and sign it; other fields stay as they are',
    )
    .argument('<keep...>', 'FIELD=DAYS, FIELD=forever, or CLASS=… for every field that the class has today')
    .requiredOption('--reason <text>', 'why; it stands in the log')
    .addHelpText(
      'after',
      `
It is an act, which two officers sign, or one if it only keeps for ever. A longer retention holds at once, a shorter one
a day later: until then it can be put right. What is deleted is gone for every grant and for ever; its entry stays in
the log, and the log still verifies.

Examples:
  $ custos --as officer1 retention set screen=30 url=365 --reason "agreement of 3 March, section 4"
  $ custos --as officer2 act sign ACT
  $ custos --as officer1 retention set typed=forever --reason "legal hold for case 17"`,
    )
    .action(async (kept: readonly string[], options: SignOptions & { reason: string }, command: Command) => {
      const { reason, ...sign } = options;
      const { propose } = await import('./sign-act.js');
      await propose({ kind: 'retention.set', body: { keep: parseKeep(kept), reason } }, sign, globals(command));
    });
}

/** Classes become their fields here: an entry names fields alone, so that none is meant that comes later. */
export function parseKeep(kept: readonly string[]): readonly Keep[] {
  const keep = kept.flatMap((text) => {
    const [, name = '', length = ''] = /^([a-z.]+)=(\d{1,5}|forever)$/.exec(text) ?? [];
    const named = fieldNames.filter((field) => field === name || classOf(field) === name);
    const days = length === 'forever' ? null : Number(length);
    if (named.length === 0 || days === 0) {
      throw wrongUse('KEEP', `FIELD=DAYS or FIELD=forever; classes are ${classes.join(', ')}`);
    }
    return named.map((field) => ({ field: field as string, days, byClass: isClass(name) }));
  });
  // A field named by itself says more than its class.
  const fields = [...new Set(keep.map(({ field }) => field))];
  return fields.map((field) => {
    const said = keep.filter((one) => one.field === field);
    const own = said.filter(({ byClass }) => !byClass);
    const [first] = own.length > 0 ? own : said;
    if (own.length > 1 || (own.length === 0 && said.length > 1)) throw wrongUse('KEEP', 'each field and class once');
    return { field, days: first?.days ?? null };
  });
}

const isClass = (name: string): name is FieldClass => (classes as readonly string[]).includes(name);

const daysText = (days: number | null) => (days === null ? 'for ever' : `${days} days`);

const fieldRow = ({ field, class: fieldClass, days, next, expired }: FieldRetention) => [
  field,
  fieldClass,
  daysText(days),
  next === null ? '' : `${daysText(next.days)}, from ${timeText(next.from)}`,
  expired === null ? '' : timeText(expired.before),
  expired?.position ?? '',
];

function sweptText({ expired, deleted }: Swept): string {
  const lines = expired.map(
    ({ field, before, position }) => `${field}: gone if stored before ${timeText(before)} (entry ${position})`,
  );
  return [...lines, `${deleted} columns deleted`].join('\n');
}
