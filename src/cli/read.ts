import type { Command } from 'commander';
import { collect, segment } from './arguments.js';
import { connect, globals, trustFilePath, withReceipts, type Globals } from './globals.js';
import { printLine, say } from './output.js';
import { wrongUse } from './refusal.js';
import type { RequestShown } from './request-text.js';

interface ReadOptions {
  readonly session?: readonly string[];
  readonly field?: readonly string[];
  readonly recording?: true | string;
}

export function register(program: Command): void {
  withReceipts(program.command('read'))
    .description('read what a grant gives, one JSON line a record; each reading is in the log before you have it')
    .argument('<grant>', 'id of the grant')
    .option('--session <id>', 'this session only; may be given several times (default: all of the grant)', collect)
    .option('--field <name>', 'this field only; may be given several times (default: all of the grant)', collect)
    .option('--recording [file]', 'the masked recording in its own format instead, to a file or standard output')
    .addHelpText(
      'after',
      `
The receipt is checked with the trust file before anything is printed.

Examples:
  $ custos --as researcher read 6a4d… --receipts receipts/
  $ custos --as researcher read 6a4d… --session walk-1 --recording masked.json`,
    )
    .action(async (grant: string, options: ReadOptions, command: Command) => read(grant, options, globals(command)));
}

async function read(grant: string, options: ReadOptions, all: Globals): Promise<void> {
  const client = await connect(all);
  const sessions = options.session ?? (await sessionsOf(client, grant));
  await printSessions(client, { path: `/v1/grants/${segment(grant)}/disclosures`, grant, sessions, ...options }, all);
}

type Connected = Awaited<ReturnType<typeof connect>>;

export interface Reading extends Pick<ReadOptions, 'field' | 'recording'> {
  /** What gives the sessions: a disclosure each. */
  readonly path: string;
  readonly grant: string;
  readonly sessions: readonly string[];
}

/** Prints them, or writes the recording of the one; nothing before its receipt was checked. */
export async function printSessions(client: Connected, reading: Reading, all: Globals): Promise<void> {
  const [{ trustedLogKey }, { disclosed }, { writeRecording }, { saveReceipt }] = await Promise.all([
    import('./receipt.js'),
    import('./disclosed.js'),
    import('./read-files.js'),
    import('./keep-receipts.js'),
  ]);
  const logKey = await trustedLogKey(trustFilePath(all.data));
  const { path, grant, sessions, recording, field: fields } = reading;
  if (recording !== undefined && sessions.length !== 1) throw wrongUse('--session', 'exactly one with --recording');
  for (const session of sessions) {
    const asked = { grant, session, fields, person: client.person };
    const answer = client.postForLines(path, { session, ...(fields === undefined ? {} : { fields }) });
    const { receipt, position, format, records, expired } = await disclosed(answer, asked, logKey);
    if (all.receipts !== undefined) await saveReceipt(all.receipts, position, receipt);
    if (recording !== undefined) await writeRecording(recording, { session, format, records }, all.json);
    else for await (const record of records) await printLine({ session, ...record });
    for (const gone of expired) {
      say(`${gone.field} of ${session}: past its retention in up to ${gone.records} records (entry ${gone.position})`);
    }
  }
}

/** A grant has the id of its request. */
async function sessionsOf(client: Connected, grant: string): Promise<readonly string[]> {
  const { scope } = await client.get<RequestShown>(`/v1/requests/${segment(grant)}`);
  return scope.sessions.map(({ session }) => session);
}
