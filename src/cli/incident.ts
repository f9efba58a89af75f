import { Option, type Command } from 'commander';
import type { Incident } from '../history/incident.js';
import { incidentNoteKinds } from '../log/entries.js';
import { collect, momentOf, parseCount, segment } from './arguments.js';
import { connect, globals, withReceipts, type Globals } from './globals.js';
import { listing, printResult, table, timeText, visible } from './output.js';
import { allOf } from './pages.js';

interface OpenOptions extends Readonly<Record<'title' | 'reason' | 'from', string>> {
  readonly to?: string;
}
interface NoteOptions extends Readonly<Record<'kind' | 'text', string>> {
  readonly about?: readonly string[];
}

export function register(program: Command): void {
  const incident = program
    .command('incident')
    .description('write down what was found about a leak, and what was decided: for the log, and for its bundle');
  registerOpen(incident);
  registerNote(incident);
  registerClose(incident);
  registerLook(incident);
}

function registerOpen(incident: Command): void {
  withReceipts(incident.command('open'))
    .description('begin one: which part of the past is in question, and why')
    .requiredOption('--title <text>', 'what it is called')
    .requiredOption('--reason <text>', 'what was found, in a sentence')
    .requiredOption('--from <moment>', 'from when on: how many entries the log had, or a time in ISO 8601')
    .option('--to <moment>', 'until when; left out: it is not over')
    .addHelpText(
      'after',
      '\nExample:\n  $ custos --as officer1 incident open --title "Prompts open to everyone" --reason "Found by a colleague who could read hers" --from 2026-01-31T09:00:00Z',
    )
    .action(async ({ title, reason, from, to }: OpenOptions, command: Command) => {
      const asked = { title, reason, from: momentOf(from), to: momentOf(to) };
      await write('/v1/incidents', asked, globals(command));
    });
}

function registerNote(incident: Command): void {
  withReceipts(incident.command('note'))
    .description('add what is known: a note, a finding, or a decision')
    .argument('<id>', 'id of the incident')
    .requiredOption('--text <text>', 'one line')
    .addOption(new Option('--kind <kind>').choices(incidentNoteKinds).default('note'))
    .option('--about <position>', 'entry that it speaks of, such as a containment report; may be repeated', collect)
    .addHelpText(
      'after',
      '\nExample:\n  $ custos --as officer1 incident note 6a4d… --kind finding --text "The first fix left one grant open" --about 812',
    )
    .action(async (id: string, { kind, text, about = [] }: NoteOptions, command: Command) => {
      const note = { kind, text, about: about.map((one) => parseCount('--about', one)) };
      await write(`/v1/incidents/${segment(id)}/notes`, note, globals(command));
    });
}

function registerClose(incident: Command): void {
  withReceipts(incident.command('close'))
    .description('end it with what was decided; nothing is added afterwards')
    .argument('<id>', 'id of the incident')
    .requiredOption('--decision <text>', 'what was decided')
    .addHelpText(
      'after',
      '\nExample:\n  $ custos --as officer1 incident close 6a4d… --decision "Contained; every subject who was read has been told"',
    )
    .action(async (id: string, { decision }: { decision: string }, command: Command) => {
      await write(`/v1/incidents/${segment(id)}/closure`, { decision }, globals(command));
    });
}

async function write(path: string, body: object, all: Globals): Promise<void> {
  const answer = await (await connect(all)).post<Record<string, unknown>>(path, body);
  await printResult(all.json, answer, () => listing(Object.entries(answer)));
}

function registerLook(incident: Command): void {
  incident
    .command('ls')
    .description('list incidents')
    .action(async (_options: unknown, command: Command) => {
      const all = globals(command);
      const incidents = await allOf<Incident>(await connect(all), '/v1/incidents', 'incidents');
      const rows = incidents.map((one) => [one.incident, stateOf(one), one.title, timeText(one.at), one.by, one.notes.length]); // prettier-ignore
      const columns = ['incident', 'state', 'title', 'opened', 'by', 'notes'];
      await printResult(all.json, { incidents }, () => table(columns, rows));
    });
  incident
    .command('show')
    .description('all that was written about one')
    .argument('<id>', 'id of the incident')
    .action(async (id: string, _options: unknown, command: Command) => {
      const all = globals(command);
      const shown = await (await connect(all)).get<Incident>(`/v1/incidents/${segment(id)}`);
      await printResult(all.json, shown, () => incidentText(shown));
    });
}

const stateOf = ({ closed }: Incident) => (closed === undefined ? 'open' : 'closed');

async function incidentText(shown: Incident): Promise<string> {
  const { notes, closed, from, to } = shown;
  const rows = notes.map((one) => [one.position, timeText(one.at), one.by, one.kind, one.text, one.about.join(' ')]);
  return [
    listing([
      ['incident', shown.incident],
      ['state', stateOf(shown)],
      ['title', shown.title],
      ['reason', shown.reason],
      ['opened', `entry ${shown.position} by ${shown.by} at ${timeText(shown.at)}`],
      ['in question', `from the first ${from} entries on${to === undefined ? ', not over' : `, to the first ${to}`}`],
    ]),
    await table(['position', 'at', 'by', 'kind', 'text', 'about'], rows),
    ...(closed === undefined
      ? []
      : [visible(`closed: entry ${closed.position} by ${closed.by} at ${timeText(closed.at)}: ${closed.decision}`)]),
  ].join('\n\n');
}
