import type { Command } from 'commander';
import type { ReleasesAnswer } from '../history/list-releases.js';
import type { Rebuilt } from '../history/projections/projector.js';
import { parseCount, why } from './arguments.js';
import type { Query } from './client.js';
import { connect, globals } from './globals.js';
import { printResult, table, timeText } from './output.js';
import { AnsweredNo } from './report-error.js';

interface ReleasesOptions {
  readonly person?: string;
  readonly subject?: string;
  readonly session?: string;
  readonly unknown?: true;
  readonly before?: string;
  readonly limit: string;
  readonly purpose?: string;
}

/** What is answered out of tables, quickly, and whether they are what the log gives. */
export function registerProjections(history: Command): void {
  history
    .command('releases')
    .description('the latest releases of plaintext first, quickly and without proof: `exposure` answers from the log')
    .option('--person <id>', 'to this reader')
    .option('--subject <id>', 'about this subject')
    .option('--session <id>', 'of this session')
    .option('--unknown', 'only those of which nobody knows what became')
    .option('--before <position>', 'older than the one at this position')
    .option('--limit <count>', 'at once, up to 1000', '100')
    .option(...why)
    .addHelpText('after', '\nExample:\n  $ custos --as officer1 history releases --unknown')
    .action(async ({ before, limit, unknown, ...of }: ReleasesOptions, command: Command) => {
      const all = globals(command);
      const page = before === undefined ? {} : { before: parseCount('--before', before) };
      const query: Query = {
        ...of,
        ...page,
        limit: parseCount('--limit', limit),
        ...(unknown ? { unknown: 'true' } : {}),
      };
      const answer = await (await connect(all)).get<ReleasesAnswer>('/v1/history/releases', query);
      const rows = answer.releases.map((one) => [
        ...[one.position, timeText(one.at), one.person, one.subject, one.session],
        ...[one.fields.join(' '), one.records, one.outcome],
      ]);
      const columns = ['position', 'at', 'person', 'subject', 'session', 'fields', 'records', 'outcome'];
      const until = `of the log's first ${answer.position} entries${answer.stopped === null ? '' : `, where it stands still (${answer.stopped})`}`;
      const more = answer.next === null ? '' : `\nmore: --before ${answer.next}`;
      await printResult(all.json, answer, async () => `${await table(columns, rows)}\n${until}${more}`);
    });
  history
    .command('replay')
    .description('make the tables behind quick answers anew from the log, and say where they had been something else')
    .argument('[projection]', 'one of: releases (default: all of them)')
    .option('--check', 'compare only, and change nothing')
    .addHelpText(
      'after',
      '\nExits with 1 where a table was not what the log gives.\n\nExample:\n  $ custos --as auditor history replay --check',
    )
    .action(async (projection: string | undefined, { check }: { check?: true }, command: Command) => {
      const all = globals(command);
      const body = { ...(projection === undefined ? {} : { projection }), check: check === true };
      const answer = await (
        await connect(all)
      ).post<{ ok: boolean; projections: readonly Rebuilt[] }>('/v1/history/replay', body);
      const rows = answer.projections.map((one) => [
        one.projection,
        one.position,
        one.stopped ?? (one.differences.length === 0 ? 'equal to the log' : `differs at ${one.differences.join(', ')}`),
      ]);
      await printResult(all.json, answer, () => table(['projection', 'entries', 'result'], rows));
      if (!answer.ok) throw new AnsweredNo();
    });
}
