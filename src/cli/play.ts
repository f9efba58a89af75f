import type { Command } from 'commander';
import { collect } from './arguments.js';
import { connect, globals, withReceipts, type Globals } from './globals.js';
import { say } from './output.js';
import { wrongUse } from './refusal.js';

interface PlayOptions {
  readonly session?: string;
  readonly field?: readonly string[];
  readonly speed: string;
  readonly idle: string;
  readonly html?: string;
}

export function register(program: Command): void {
  withReceipts(program.command('play'))
    .description(
      'play the recording of a terminal that a grant gives, or write any as a page; it is a reading like any',
    )
    .argument('<grant>', 'id of the grant')
    .option('--session <id>', 'which session (default: the only one of the grant)')
    .option('--field <name>', 'this field only; may be given several times (default: all of the grant)', collect)
    .option('--speed <factor>', 'how many times as fast', '1')
    .option('--idle <seconds>', 'wait no longer than that between two events', '3')
    .option('--html <file>', 'one page that plays it in a browser, offline, instead (rrweb, asciicast)')
    .addHelpText(
      'after',
      `
Space pauses and goes on, q ends. What was not granted is not there; of what was, the terminal is shown text, colors and
movements of the cursor, and nothing that would make it answer, store or rename anything.

Examples:
  $ custos --as researcher play 6a4d… --session shell-1 --speed 2
  $ custos --as researcher play 6a4d… --session walk-1 --html walk-1.html`,
    )
    .action(async (grant: string, options: PlayOptions, command: Command) => play(grant, options, globals(command)));
}

async function play(grant: string, options: PlayOptions, all: Globals): Promise<void> {
  const { html, field } = options;
  if (all.json && html === undefined) throw wrongUse('--json', 'with --html only: a terminal is no JSON');
  const pace = { speed: positive('--speed', options.speed), idleSeconds: positive('--idle', options.idle) };
  const [{ disclosedSessions, disclosuresOf, sessionsOf }, { maskedRecording }] = await Promise.all([
    import('./disclosed-sessions.js'),
    import('./masked-recording.js'),
  ]);
  const client = await connect(all);
  const sessions = options.session === undefined ? await sessionsOf(client, grant) : [options.session];
  if (sessions.length !== 1) throw wrongUse('--session', 'exactly one');
  const wanted = { path: disclosuresOf(grant), grant, sessions, ...(field === undefined ? {} : { field }) };
  for await (const { session, format, records } of disclosedSessions(client, wanted, all)) {
    if (html !== undefined) {
      const { writePage } = await import('./read-files.js');
      await writePage(html, { session, format, records }, all.json);
      continue;
    }
    if (format !== 'asciicast') throw wrongUse('--html', 'needed: only asciicast plays in a terminal');
    const { events } = await maskedRecording({ session, format, records });
    const [{ playCast }, { castEvents }, { openTerminal }] = await Promise.all([
      import('./play-cast.js'),
      import('./cast-events.js'),
      import('./terminal.js'),
    ]);
    const terminal = openTerminal(process.stdin, process.stdout);
    try {
      await playCast(castEvents(events), pace, terminal);
    } finally {
      terminal.close();
    }
    say(`\n${session}: played, as far as it was granted`);
  }
}

function positive(option: string, text: string): number {
  const value = /^\d{1,6}(\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw wrongUse(option, 'a number above 0');
  return value;
}
