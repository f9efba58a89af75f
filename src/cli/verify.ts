import type { Command } from 'commander';
import { globals, trustFilePath, type Globals } from './globals.js';
import { printResult, say, visible } from './output.js';
import { wrongUse } from './refusal.js';
import { AnsweredNo } from './report-error.js';
import type { Verdict } from './verdict.js';

interface VerifyOptions {
  readonly database?: string;
  readonly logKey?: string;
}

export function register(program: Command): void {
  program
    .command('verify')
    .description('check the whole log, or one receipt offline; believes nothing that the service says')
    .argument('[file]', 'a receipt (default: the whole live log)')
    .option('--database <url>', 'where the log is (default: the database of the data folder)')
    .option('--log-key <key>', "the log's verifier key, instead of the trust file, for a receipt")
    .addHelpText(
      'after',
      `
Examples:
  $ custos verify                                the live log of .custos/
  $ custos verify receipts/42.tlog-proof         offline, with the trust file
  $ custos verify 42.tlog-proof --log-key vault.example.org/log+1a2b3c4d+AR…`,
    )
    .action(async (file: string | undefined, options: VerifyOptions, command: Command) => {
      const all = globals(command);
      const verdict = file === undefined ? await verifyLive(options, all) : await verifyFile(file, options, all);
      if (!verdict.ok) throw new AnsweredNo();
    });
}

async function verifyLive({ database, logKey }: VerifyOptions, { data, json }: Globals): Promise<Verdict> {
  if (logKey !== undefined) throw wrongUse('--log-key', 'with a receipt only');
  const { verifyLiveLog } = await import('./verify-log.js');
  const verdict = await verifyLiveLog({
    data,
    trustFile: trustFilePath(data),
    ...(database === undefined ? {} : { database }),
  });
  await printResult(json, verdict, () => verdictText(verdict));
  return verdict;
}

async function verifyFile(file: string, { logKey }: VerifyOptions, { data, json }: Globals): Promise<Verdict> {
  const { receiptVerdictText, verifyReceiptFile } = await import('./verify-receipt.js');
  const verdict = await verifyReceiptFile(file, { logKey, trustFile: trustFilePath(data) });
  await printResult(json, verdict, () => receiptVerdictText(verdict));
  return verdict;
}

function verdictText(verdict: Verdict): string {
  const { ok, entries, bodies, checkpoints, problems } = verdict;
  for (const { position, check } of problems) say(`position ${position}: ${visible(check)}`);
  const what = `${entries} entries, ${bodies} bodies, ${checkpoints} checkpoints`;
  return ok ? `Verified: ${what}` : `NOT VERIFIED: ${problems.length} problems; checked ${what}`;
}
