import type { Command } from 'commander';
import { parseCount, parseDuration, parseTime, segment } from './arguments.js';
import type { Client } from './client.js';
import { connect, globals, withReceipts } from './globals.js';
import { printResult, say, table, timeText } from './output.js';
import { allOf } from './pages.js';
import { expiredText, requestText, type ExpiredShown, type RequestShown } from './request-text.js';
import { wrongUse } from './refusal.js';
import type { SessionView } from './session.js';

interface CreateOptions {
  readonly session?: readonly string[];
  readonly subject?: readonly string[];
  readonly field: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly purpose: string;
  readonly records: string;
  readonly disclosures: string;
  readonly for: string;
}
interface Created {
  readonly request: string;
  readonly scopeHash: string;
  readonly preview: RequestShown['preview'];
  readonly needed: number;
  readonly expired?: readonly ExpiredShown[];
}

export function register(program: Command): void {
  const request = program.command('request').description('ask for access: named fields of named sessions, for a time');
  registerCreate(request);
  request
    .command('ls')
    .description('list the requests that you may see')
    .option('--state <state>', 'open, granted, rejected, expired, lapsed (another policy came) or revoked')
    .addHelpText('after', '\nExample:\n  $ custos --as approver1 request ls --state open')
    .action(async ({ state }: { state?: string }, command: Command) => {
      const all = globals(command);
      const requests = await allOf<RequestShown>(await connect(all), '/v1/requests', 'requests', { state });
      const rows = () =>
        requests.map((one) => [
          one.request,
          one.state,
          one.requester,
          one.scope.fields.join(' '),
          `${one.approvals.length}/${one.needed}`,
        ]);
      await printResult(all.json, { requests }, () =>
        table(['request', 'state', 'requester', 'fields', 'approvals'], rows()),
      );
    });
  request
    .command('show')
    .description('show a request: its scope, preview, scope hash and approvals')
    .argument('<id>', 'id of the request')
    .addHelpText('after', '\nExample:\n  $ custos --as approver1 request show 6a4d…')
    .action(async (id: string, _options: unknown, command: Command) => {
      const all = globals(command);
      const shown = await (await connect(all)).get<RequestShown>(`/v1/requests/${segment(id)}`);
      await printResult(all.json, shown, () => requestText(shown));
    });
}

function registerCreate(request: Command): void {
  withReceipts(request.command('create'))
    .description('ask for access; it is denied unless enough people sign it in time')
    .option('--session <id...>', 'sessions to read')
    .option('--subject <id...>', 'subjects, for all sessions that they have now')
    .requiredOption('--field <name...>', 'fields to read, such as kind, url or typed')
    .option('--from <time>', 'first moment: ISO 8601 with zone, or epoch milliseconds')
    .option('--to <time>', 'moment at which it ends; left out with --from: the whole of the named sessions')
    .requiredOption('--purpose <text>', 'what it is for; approvers and the subject read this')
    .requiredOption('--records <n>', 'how many records at most')
    .requiredOption('--disclosures <n>', 'how many times at most')
    .requiredOption('--for <duration>', 'how long once it is granted: 90s, 30m, 2h, 7d')
    .addHelpText(
      'after',
      `
Example:
  $ custos --as researcher request create --session walk-1 --field kind --field url \\
      --purpose "How people find the checkout" --records 1000 --disclosures 2 --for 2h`,
    )
    .action(async (options: CreateOptions, command: Command) => {
      const all = globals(command);
      const { session: sessions = [], subject: subjects = [], field: fields, purpose } = options;
      if (sessions.length + subjects.length === 0) throw wrongUse('--session', 'a session or a subject');
      const terms = {
        purpose,
        durationSeconds: parseDuration('--for', options.for),
        budget: {
          records: parseCount('--records', options.records),
          disclosures: parseCount('--disclosures', options.disclosures),
        },
      };
      const range = namedRange(options);
      const client = await connect(all);
      const body = { fields, sessions, subjects, ...(range ?? (await rangeOf(client, sessions))), ...terms };
      const created = await client.post<Created>('/v1/requests', body);
      await printResult(all.json, created, () => createdText(created));
    });
}

/** Undefined where the sessions themselves say it. @throws Problem usage */
export function namedRange({
  from,
  to,
  subject,
}: Pick<CreateOptions, 'from' | 'to' | 'subject'>): { from: number; to: number } | undefined {
  if (from === undefined && to === undefined && subject === undefined) return undefined;
  if (from === undefined) throw wrongUse('--from', 'needed with --to or --subject');
  if (to === undefined) throw wrongUse('--to', 'needed with --from or --subject');
  const range = { from: parseTime('--from', from), to: parseTime('--to', to) };
  if (range.from >= range.to) throw wrongUse('--to', 'after --from');
  return range;
}

export async function rangeOf(client: Client, sessions: readonly string[]): Promise<{ from: number; to: number }> {
  const shown = await Promise.all(sessions.map((id) => client.get<SessionView>(`/v1/sessions/${segment(id)}`)));
  const times = shown.flatMap(({ from, to }) => (from === null || to === null ? [] : [from, to]));
  if (times.length === 0) throw wrongUse('--from', 'needed: the sessions hold no record yet');
  // `to` is where the range ends, so that the last record is in it.
  const range = { from: Math.min(...times), to: Math.max(...times) + 1 };
  say(`Time range of the sessions: ${timeText(range.from)} to ${timeText(range.to)}`);
  return range;
}

function createdText({ request, scopeHash, preview, needed, expired = [] }: Created): string {
  const { records, sessions, subjects, classes } = preview;
  return [
    `Request ${request}`,
    `Scope hash ${scopeHash}`,
    `At most ${records} records of ${sessions} sessions of ${subjects} subjects; classes: ${classes.join(', ')}`,
    ...expired.map((one) => `Past its retention already: ${expiredText(one)}`),
    needed === 0
      ? 'No signature is needed.'
      : `Signatures needed: ${needed}. Next: custos --as approver1 approve ${request}`,
  ].join('\n');
}
