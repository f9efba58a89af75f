import type { Command } from 'commander';
import type { AssuranceAnswer } from '../history/assure.js';
import { parseCount } from './arguments.js';
import type { Client } from './client.js';
import { connect, globals, withReceipts, type Globals } from './globals.js';
import { printResult, say, table } from './output.js';
import { notVerified } from './refusal.js';
import { AnsweredNo } from './report-error.js';

export function register(program: Command): void {
  withReceipts(program.command('assurance'))
    .description('look at all that the programme stands on; to resume it takes a report without anything wrong')
    .option('--since <position>', 'verify the bodies and tiles from there on only')
    .addHelpText(
      'after',
      `
The report is an entry of the log. Exit code 1 if anything is wrong; what cannot be looked at is wrong.

Example:
  $ custos --as auditor assurance --receipts incident/`,
    )
    .action(async ({ since }: { since?: string }, command: Command) => {
      const all = globals(command);
      const body = since === undefined ? {} : { since: parseCount('--since', since) };
      const report = await (await connect(all)).post<AssuranceAnswer>('/v1/assurance', body);
      await printResult(all.json, report, () => reportText(report));
      if (!report.ok) throw new AnsweredNo();
    });
}

/**
 * Before an act that resumes: whoever signs it has seen the report that it names, by a hash that is computed here.
 * @throws AnsweredNo if it is not green; Problem not_verified
 */
export async function assure(client: Client, body: { since?: number }, all: Globals): Promise<AssuranceAnswer> {
  const report = await client.post<AssuranceAnswer>('/v1/assurance', body);
  const { assuranceHash } = await import('../capture/programme.js');
  const { size, since, ok, items } = report;
  if (assuranceHash({ size, since, ok, items }) !== report.hash) throw notVerified(report.position, 'assurance_hash');
  if (report.ok) {
    if (!all.json) say(await reportText(report));
    return report;
  }
  await printResult(all.json, report, () => reportText(report));
  throw new AnsweredNo();
}

async function reportText({ ok, since, items, position }: AssuranceAnswer): Promise<string> {
  const rows = items.map((one) => [one.item, one.ok ? 'ok' : 'WRONG', one.count, one.wrong.join(', ')]);
  const verdict = ok ? 'All is well' : 'NOT ASSURED';
  const extent = since === 0 ? '' : `, bodies and tiles from position ${since} on only`;
  return `${await table(['item', '', 'count', 'wrong'], rows)}\n${verdict}: entry ${position}${extent}`;
}
