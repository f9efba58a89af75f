import type { Command } from 'commander';
import { collect } from './arguments.js';
import type { Connected, Wanted } from './disclosed-sessions.js';
import { connect, globals, withReceipts, type Globals } from './globals.js';
import { printLine } from './output.js';
import { wrongUse } from './refusal.js';

interface ReadOptions {
  readonly session?: readonly string[];
  readonly field?: readonly string[];
  readonly recording?: true | string;
  readonly html?: string;
}

export function register(program: Command): void {
  withReceipts(program.command('read'))
    .description('read what a grant gives, one JSON line a record; each reading is in the log before you have it')
    .argument('<grant>', 'id of the grant')
    .option('--session <id>', 'this session only; may be given several times (default: all of the grant)', collect)
    .option('--field <name>', 'this field only; may be given several times (default: all of the grant)', collect)
    .option('--recording [file]', 'the masked recording in its own format instead, to a file or standard output')
    .option('--html <file>', 'the masked recording as one page that plays it, offline (rrweb, asciicast)')
    .addHelpText(
      'after',
      `
The receipt is checked with the trust file before anything is printed. What goes to a file is readable by you alone.

Examples:
  $ custos --as researcher read 6a4d… --receipts receipts/
  $ custos --as researcher read 6a4d… --session walk-1 --recording masked.json
  $ custos --as researcher read 6a4d… --session walk-1 --html walk-1.html`,
    )
    .action(async (grant: string, options: ReadOptions, command: Command) => read(grant, options, globals(command)));
}

async function read(grant: string, options: ReadOptions, all: Globals): Promise<void> {
  const { disclosuresOf, sessionsOf } = await import('./disclosed-sessions.js');
  const client = await connect(all);
  const sessions = options.session ?? (await sessionsOf(client, grant));
  await printSessions(client, { ...options, path: disclosuresOf(grant), grant, sessions }, all);
}

export type Reading = Wanted & Pick<ReadOptions, 'recording' | 'html'>;

/** Prints them, or writes the recording of the one; nothing before its receipt was checked. */
export async function printSessions(client: Connected, reading: Reading, all: Globals): Promise<void> {
  const [{ disclosedSessions }, { writePage, writeRecording }] = await Promise.all([
    import('./disclosed-sessions.js'),
    import('./read-files.js'),
  ]);
  const { recording, html, ...wanted } = reading;
  if (recording !== undefined && html !== undefined) throw wrongUse('--html', 'not with --recording');
  const isOne = recording !== undefined || html !== undefined;
  if (isOne && wanted.sessions.length !== 1) throw wrongUse('--session', 'exactly one with --recording or --html');
  for await (const { session, format, records } of disclosedSessions(client, wanted, all)) {
    if (html !== undefined) await writePage(html, { session, format, records }, all.json);
    else if (recording !== undefined) await writeRecording(recording, { session, format, records }, all.json);
    else for await (const record of records) await printLine({ session, ...record });
  }
}
