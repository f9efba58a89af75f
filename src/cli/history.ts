import type { Command } from 'commander';
import type { HistoryAtAnswer } from '../history/history-at.js';
import type { HistoryDiffAnswer } from '../history/history-diff.js';
import { momentOf, parseCount, segment, why, type Why } from './arguments.js';
import { registerBundle } from './bundle.js';
import type { Query } from './client.js';
import type { HistoryReadersAnswer } from '../history/history-readers.js';
import type { TimelineAnswer } from '../history/history-timeline.js';
import { registerExposure } from './exposure.js';
import { registerProjections } from './projections.js';
import { connect, globals } from './globals.js';
import { jsonText, print, printResult, table, timeText, visible } from './output.js';

type Row = Readonly<Record<string, unknown>>;

export function register(program: Command): void {
  registerReach(program);
  const history = program.command('history').description('what the log says of the past');
  history
    .command('at')
    .description('how everything stood at a moment: programme, policy, keys, locks, subjects, requests, who could read')
    .argument(
      '[moment]',
      'how many entries of the log to look back to (the state after the first N), or a time in ISO 8601 (default: now)',
    )
    .option(...why)
    .addHelpText('after', '\nExample:\n  $ custos --as auditor history at 2026-01-31T09:00:00Z')
    .action(async (moment: string | undefined, { purpose }: Why, command: Command) => {
      const all = globals(command);
      const query: Query = { at: momentOf(moment), purpose };
      const state = await (await connect(all)).get<HistoryAtAnswer>('/v1/history/state', query);
      await printResult(all.json, state, async () => (await import('./history-text.js')).stateText(state));
    });
  registerDiff(history);
  registerExposure(history);
  registerReaders(history);
  registerTimeline(history);
  registerProjections(history);
  registerBundle(history);
  history
    .command('ledger')
    .description("what happened to a subject's data: who read what, why, and who signed for it")
    .argument('<subject>', 'id of the subject')
    .option(...why)
    .addHelpText('after', '\nExample:\n  $ custos --as subject:anna history ledger anna')
    .action(async (subject: string, { purpose }: Why, command: Command) => {
      const all = globals(command);
      const path = `/v1/subjects/${segment(subject)}/ledger`;
      const client = await connect(all);
      const ledger = await client.get<{ consent: string; entries: readonly Row[] }>(path, { purpose });
      const text = async () =>
        `consent: ${ledger.consent === 'given' ? 'given' : jsonText(ledger.consent)}\n${await ledgerTable(ledger.entries)}`;
      await printResult(all.json, ledger, text);
    });
}

function registerDiff(history: Command): void {
  history
    .command('diff')
    .description(
      'what changed between two moments, by which entries and whose signatures, and who gained and lost what',
    )
    .argument('<from>', 'how many entries of the log there were, or a time in ISO 8601')
    .argument('<to>', 'the same, later and not in the future')
    .option(...why)
    .addHelpText('after', '\nExample:\n  $ custos --as auditor history diff 2026-01-31T09:00:00Z 2026-01-31T13:00:00Z')
    .action(async (from: string, to: string, { purpose }: Why, command: Command) => {
      const all = globals(command);
      const query: Query = { from: momentOf(from), to: momentOf(to), purpose };
      const diff = await (await connect(all)).get<HistoryDiffAnswer>('/v1/history/diff', query);
      await printResult(all.json, diff, async () => (await import('./history-text.js')).diffText(diff));
    });
}

function registerTimeline(history: Command): void {
  history
    .command('timeline')
    .description('what happened around one session, person, grant or subject, and what followed from what')
    .option('--session <id>', 'a session and every request for it')
    .option('--person <id>', 'what this person did, and what became of their requests')
    .option('--grant <id>', 'a request, its signatures, and all that was done under its grant')
    .option('--subject <id>', 'a subject and every request about them')
    .option('--mermaid', 'a flowchart of Mermaid instead of a table')
    .option('--svg', 'a picture instead of a table')
    .option(...why)
    .addHelpText('after', '\nExample:\n  $ custos --as auditor history timeline --subject anna --mermaid > anna.mmd')
    .action(
      async (
        { mermaid, svg, ...of }: { mermaid?: true; svg?: true } & Readonly<Record<string, string>>,
        command: Command,
      ) => {
        const all = globals(command);
        const answer = await (await connect(all)).get<TimelineAnswer>('/v1/history/timeline', of);
        if (mermaid) return print(visible((await import('../history/timeline.js')).mermaidOf(answer.entries)));
        if (svg) return print(visible((await import('../history/timeline-svg.js')).svgOf(answer.entries)));
        const rows = answer.entries.map((one) => [one.position, timeText(one.at), one.type, one.by, one.subject, one.request, one.from]); // prettier-ignore
        const columns = ['position', 'at', 'entry', 'by', 'subject', 'request', 'follows from'];
        await printResult(all.json, answer, () => table(columns, rows));
      },
    );
}

function registerReaders(history: Command): void {
  history
    .command('readers')
    .description('who asked about the past, and what: every question is in the log before its answer')
    .option('--after <count>', 'skip so many of the first ones', '0')
    .option('--limit <count>', 'at once, up to 1000', '100')
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 history readers')
    .action(async ({ after, limit }: { after: string; limit: string }, command: Command) => {
      const all = globals(command);
      const query: Query = { after: parseCount('--after', after), limit: parseCount('--limit', limit) };
      const answer = await (await connect(all)).get<HistoryReadersAnswer>('/v1/history/readers', query);
      const rows = answer.readers.map(({ position, at, reader, subject, asked: { question, purpose, ...asked } }) => [
        position,
        timeText(at),
        reader,
        question,
        jsonText({ ...(subject === undefined ? {} : { subject }), ...asked }),
        purpose,
      ]);
      const more = answer.next === null ? '' : `\nmore: --after ${answer.next}`;
      const columns = ['position', 'at', 'reader', 'question', 'about', 'purpose'];
      await printResult(all.json, answer, async () => `${await table(columns, rows)}${more}`);
    });
}

function registerReach(program: Command): void {
  program
    .command('who-can-read')
    .description('who could read what at a moment, from the grants in force then')
    .option('--person <id>', 'this reader only')
    .option('--subject <id>', 'this subject only')
    .option('--field <name>', 'this field only')
    .option(...why)
    .option(
      '--at <moment>',
      'how many entries of the log to look back to (the state after the first N), or a time in ISO 8601 (default: now)',
    )
    .addHelpText('after', '\nExample:\n  $ custos --as auditor who-can-read --subject anna --field typed')
    .action(async ({ at, ...filter }: Readonly<Record<string, string>>, command: Command) => {
      const all = globals(command);
      const query: Query = { ...filter, at: momentOf(at) };
      const answer = await (await connect(all)).get<{ reach: readonly Row[] }>('/v1/history/reach', query);
      const columns = ['person', 'subject', 'session', 'field', 'grant', 'until'];
      const rows = () =>
        answer.reach.map((row) => columns.map((name) => (name === 'until' ? timeText(row[name]) : row[name])));
      await printResult(all.json, answer, () => table(columns, rows()));
    });
}

function ledgerTable(entries: readonly Row[]): Promise<string> {
  const columns = [
    'position',
    'at',
    'kind',
    'person',
    'session',
    'fields',
    'records',
    'purpose',
    'approvers',
    'completed',
  ];
  const cell = (value: unknown) => (Array.isArray(value) ? value.join(' ') : value);
  const rows = entries.map((entry) =>
    columns.map((name) => (name === 'at' ? timeText(entry[name]) : cell(entry[name]))),
  );
  return table(columns, rows);
}
