import { readFile, stat } from 'node:fs/promises';
import { mostReceiptCharacters, verifyReceipt } from '../log/receipt.js';
import { timeText, visible } from './output.js';
import { namedLogKey, trustedLogKey } from './receipt.js';
import { wrongUse } from './refusal.js';
import type { Verdict } from './verdict.js';

export type ReceiptVerdict = Verdict & { readonly origin: string } & (Proven | { readonly ok: false });

/** What the entry is: who did what when, and never content. */
interface Proven {
  readonly ok: true;
  readonly position: number;
  readonly type: string;
  readonly at: number;
  readonly actor: string;
}

/** Checks a receipt offline, with the log's key as typed or out of the trust file. @throws Problem usage */
export async function verifyReceiptFile(
  file: string,
  { logKey, trustFile }: { readonly logKey: string | undefined; readonly trustFile: string },
): Promise<ReceiptVerdict> {
  const key = logKey === undefined ? await trustedLogKey(trustFile) : namedLogKey(logKey);
  const verified = verifyReceipt(await readReceipt(file), key);
  const checked = { bodies: 0, origin: key.origin };
  if (verified.kind === 'refused') {
    const { position, check } = verified;
    return { ok: false, entries: 0, checkpoints: 0, ...checked, problems: [{ position, check }] };
  }
  const { position, type, at, actor } = verified.entry;
  return { ok: true, entries: 1, checkpoints: 1, ...checked, position, type, at, actor, problems: [] };
}

export function receiptVerdictText(verdict: ReceiptVerdict): string {
  if (!verdict.ok) return `NOT VERIFIED: ${verdict.problems.map(({ check }) => check).join(', ')}`;
  const { position, origin, type, actor, at } = verdict;
  return visible(`Verified: entry ${position} of ${origin} is ${type} by ${actor} at ${timeText(at)}`);
}

async function readReceipt(file: string): Promise<string> {
  try {
    // What is larger is no receipt: its text is left empty, which is none either.
    if ((await stat(file)).size > mostReceiptCharacters) return '';
    return await readFile(file, 'utf8');
  } catch {
    throw wrongUse('FILE', 'a file that can be read');
  }
}
