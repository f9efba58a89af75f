import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { globals, trustFilePath, type Globals } from './globals.js';
import { printResult, say, visible } from './output.js';
import { wrongUse } from './refusal.js';
import { AnsweredNo } from './report-error.js';

interface VerifyOptions {
  readonly database?: string;
  readonly logKey?: string;
}

export interface Verdict {
  readonly ok: boolean;
  readonly entries: number;
  readonly bodies: number;
  readonly checkpoints: number;
  readonly problems: readonly { readonly position: number; readonly check: string }[];
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
  $ custos verify receipts/42.receipt            offline, with the trust file
  $ custos verify 42.receipt --log-key vault.example.org/log+1a2b3c4d+AR…`,
    )
    .action(async (file: string | undefined, options: VerifyOptions, command: Command) => {
      const all = globals(command);
      const verdict = file === undefined ? await verifyLive(options, all) : await verifyFile(file, options, all);
      await printResult(all.json, verdict, () => verdictText(verdict));
      if (!verdict.ok) throw new AnsweredNo();
    });
}

async function verifyLive({ database, logKey }: VerifyOptions, { data }: Globals): Promise<Verdict> {
  if (logKey !== undefined) throw wrongUse('--log-key', 'with a receipt only');
  const { verifyLiveLog } = await import('./verify-log.js');
  return verifyLiveLog({
    data,
    trustFile: trustFilePath(data),
    ...(database === undefined ? {} : { database }),
  });
}

async function verifyFile(file: string, { logKey }: VerifyOptions, { data }: Globals) {
  const { namedLogKey, parseReceipt, trustedLogKey, verifyReceipt } = await import('./receipt.js');
  const key = logKey === undefined ? await trustedLogKey(trustFilePath(data)) : namedLogKey(logKey);
  const text = await readFile(file, 'utf8').catch(() => {
    throw wrongUse('FILE', 'a file that can be read');
  });
  const receipt = parseReceipt(text);
  const no = (position: number, check: string) => ({
    ok: false,
    entries: 0,
    bodies: 0,
    checkpoints: 0,
    problems: [{ position, check }],
  });
  if (receipt === undefined) return no(0, 'receipt_form');
  const verified = verifyReceipt(receipt, key);
  if (verified.kind === 'refused') return no(verified.position, verified.check);
  const { position, type } = verified.entry;
  return { ok: true, entries: 1, bodies: 0, checkpoints: 1, position, type, problems: [] };
}

function verdictText(verdict: Verdict): string {
  const { ok, entries, bodies, checkpoints, problems } = verdict;
  for (const { position, check } of problems) say(`position ${position}: ${visible(check)}`);
  const what = `${entries} entries, ${bodies} bodies, ${checkpoints} checkpoints`;
  return ok ? `Verified: ${what}` : `NOT VERIFIED: ${problems.length} problems; checked ${what}`;
}
