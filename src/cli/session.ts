import type { Command } from 'commander';
import { segment } from './arguments.js';
import type { Client } from './client.js';
import { connect, globals } from './globals.js';
import { allOf } from './pages.js';
import { listing, printResult, table, timeText } from './output.js';

export interface SessionView {
  readonly session: string;
  readonly subject: string;
  readonly format: string;
  readonly records: number;
  readonly from: number | null;
  readonly to: number | null;
}
interface SessionDetail extends SessionView {
  readonly fields: readonly {
    readonly field: string;
    readonly class: string;
    readonly bytes: number;
    readonly expired?: { readonly bytes: number; readonly position: number };
  }[];
}

export function register(program: Command): void {
  const session = program.command('session').description('what was captured: counts, times and fields, never content');
  session
    .command('ls')
    .description('list the sessions')
    .option('--subject <id>', 'of this subject only')
    .addHelpText('after', '\nExample:\n  $ custos --as researcher session ls --subject anna')
    .action(async ({ subject }: { subject?: string }, command: Command) => {
      const all = globals(command);
      const sessions = await listSessions(await connect(all), '/v1/sessions', subject);
      const rows = () =>
        sessions.map((one) => [
          one.session,
          one.subject,
          one.format,
          one.records,
          timeText(one.from),
          timeText(one.to),
        ]);
      await printResult(all.json, { sessions }, () =>
        table(['session', 'subject', 'format', 'records', 'from', 'to'], rows()),
      );
    });
  session
    .command('show')
    .description('show one session: which fields it has, of which class, and their sealed size')
    .argument('<id>', 'id of the session')
    .addHelpText('after', '\nExample:\n  $ custos --as researcher session show walk-1')
    .action(async (id: string, _options: unknown, command: Command) => {
      const all = globals(command);
      const shown = await (await connect(all)).get<SessionDetail>(`/v1/sessions/${segment(id)}`);
      await printResult(all.json, shown, async () => {
        const { fields, from, to, ...rest } = shown;
        const about = listing([...Object.entries(rest), ['from', timeText(from)], ['to', timeText(to)]]);
        const rows = fields.map(({ expired, ...one }) => [
          one.field,
          one.class,
          one.bytes,
          expired === undefined ? '' : `${expired.bytes} bytes (entry ${expired.position})`,
        ]);
        return `${about}\n${await table(['field', 'class', 'bytes', 'past its retention'], rows)}`;
      });
    });
}

export const listSessions = (client: Client, path: string, subject?: string): Promise<readonly SessionView[]> =>
  allOf(client, path, 'sessions', { subject });
