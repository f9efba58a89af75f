import type { Command } from 'commander';
import type { NoticesAnswer } from '../history/notices.js';
import { parseCount } from './arguments.js';
import { connect, globals } from './globals.js';
import { printResult, table, timeText } from './output.js';

export function register(program: Command): void {
  program
    .command('notices')
    .description(
      'what you must be told: a subject of all that was done with their data, an officer of every break-glass',
    )
    .option(
      '--after <count>',
      'what is new since then: what the last answer named (default: from the first entry on)',
      '0',
    )
    .option('--limit <count>', 'at once, up to 1000', '100')
    .addHelpText(
      'after',
      `
Grants, readings, refused attempts, copies, break-glass and its review, erasure and consent, in the order of the log. A notice
never changes: what became of a reading stands in the ledger (\`custos history ledger\`).

Examples:
  $ custos --as subject:anna notices
  $ custos --as officer1 notices --after 120`,
    )
    .action(async ({ after, limit }: { after: string; limit: string }, command: Command) => {
      const all = globals(command);
      const query = { after: parseCount('--after', after), limit: parseCount('--limit', limit) };
      const answer = await (await connect(all)).get<NoticesAnswer>('/v1/notices', query);
      const rows = answer.notices.map(({ position, at, kind, person, session, sessions, fields, ...why }) => [
        ...[position, timeText(at), kind, person, session ?? sessions?.join(' '), fields?.join(' ')],
        ...[why.purpose ?? why.rules?.join(' ') ?? why.consent, why.approvers?.join(' ')],
      ]);
      const columns = ['position', 'at', 'what', 'by', 'session', 'fields', 'why', 'signed by'];
      const next = `${answer.more ? 'more' : 'from here on'}: --after ${answer.next}`;
      await printResult(all.json, answer, async () => `${await table(columns, rows)}\n${next}`);
    });
}
