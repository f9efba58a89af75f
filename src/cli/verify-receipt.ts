import { readFile, stat } from 'node:fs/promises';
import { mostReceiptCharacters, parseReceipt, verifyReceipt } from '../log/receipt.js';
import { timeText, visible } from './output.js';
import { namedLogKey, trustedLogKey, type LogKey } from './receipt.js';
import { wrongUse } from './refusal.js';
import { witnessedText, witnessesOn, type RequiredWitnesses, type WitnessedBy } from './required-witnesses.js';
import type { Verdict } from './verdict.js';

export type ReceiptVerdict = Verdict & { readonly origin: string } & (Proven | { readonly ok: false });

/** What the entry is: who did what when, and never content. */
interface Proven {
  readonly ok: true;
  readonly position: number;
  readonly type: string;
  readonly at: number;
  readonly actor: string;
  readonly cosignatures?: readonly WitnessedBy[];
}

interface Trusted {
  readonly logKey: string | undefined;
  readonly trustFile: string;
  readonly witnesses?: RequiredWitnesses | undefined;
}

/** Checks a receipt offline, with the log's key as typed or out of the trust file. @throws Problem usage */
export async function verifyReceiptFile(file: string, trusted: Trusted): Promise<ReceiptVerdict> {
  return receiptVerdict(await readProof(file), await logKeyOf(trusted), trusted.witnesses);
}

export const logKeyOf = ({ logKey, trustFile }: Trusted) =>
  logKey === undefined ? trustedLogKey(trustFile) : namedLogKey(logKey);

export function receiptVerdict(text: string, key: LogKey, required?: RequiredWitnesses): ReceiptVerdict {
  const verified = verifyReceipt(text, key);
  const checked = { bodies: 0, origin: key.origin };
  const refused = (position: number, check: string) => ({
    ok: false as const,
    entries: 0,
    checkpoints: 0,
    ...checked,
    problems: [{ position, check }],
  });
  if (verified.kind === 'refused') return refused(verified.position, verified.check);
  const { position, type, at, actor } = verified.entry;
  const proven = { ok: true, entries: 1, checkpoints: 1, ...checked, position, type, at, actor, problems: [] } as const;
  if (required === undefined) return proven;
  const cosignatures = witnessesOn(parseReceipt(text)?.checkpoint ?? '', required);
  return cosignatures === undefined ? refused(position, 'cosignatures') : { ...proven, cosignatures };
}

export function receiptVerdictText(verdict: ReceiptVerdict): string {
  if (!verdict.ok) return `NOT VERIFIED: ${verdict.problems.map(({ check }) => check).join(', ')}`;
  const { position, origin, type, actor, at, cosignatures } = verdict;
  const what = `entry ${position} of ${origin} is ${type} by ${actor} at ${timeText(at)}`;
  return visible(`Verified: ${what}${witnessedText(cosignatures)}`);
}

/** @throws Problem usage */
export async function readProof(file: string): Promise<string> {
  try {
    // What is larger is no receipt: its text is left empty, which is none either.
    if ((await stat(file)).size > mostReceiptCharacters) return '';
    return await readFile(file, 'utf8');
  } catch {
    throw wrongUse('FILE', 'a file that can be read');
  }
}
