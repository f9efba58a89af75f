import type { EntryOf } from '../log/header.js';
import { decodeHeader, type Entry } from '../log/header.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import { leafHash } from '../merkle/hash.js';
import { parseVerifierKey, type NoteVerifier } from '../merkle/note.js';
import { verifyInclusion } from '../merkle/proof.js';
import { parseTlogProof } from '../merkle/tlog-proof.js';
import { Problem } from '../problem.js';
import { wrongUse } from './refusal.js';

/** An entry and the proof that it is in the log: all that is needed, offline, beside the log's key. */
export interface Receipt {
  readonly header: Uint8Array;
  /** C2SP tlog-proof. */
  readonly proof: string;
}

/** Whose checkpoints count. From the trust file or the command line, never from the service. */
export interface LogKey {
  readonly origin: string;
  readonly verifier: NoteVerifier;
}

export type VerifiedReceipt =
  | { readonly kind: 'verified'; readonly entry: Entry }
  /** `position` is the one claimed, 0 where not even that can be read. */
  | { readonly kind: 'refused'; readonly position: number; readonly check: ReceiptCheck };
export type ReceiptCheck = 'receipt_form' | 'checkpoint_signature' | 'inclusion' | 'header_form' | 'header_position';

/** Total: the receipt may be anything. Its entry is looked at only once it is proven. */
export function verifyReceipt({ header, proof: text }: Receipt, { origin, verifier }: LogKey): VerifiedReceipt {
  const parsed = attempt(() => parseTlogProof(text));
  if (parsed === undefined) return { kind: 'refused', position: 0, check: 'receipt_form' };
  const { index, proof, checkpoint: note } = parsed;
  const refused = (check: ReceiptCheck) => ({ kind: 'refused', position: index, check }) as const;

  const checkpoint = attempt(() => openCheckpoint(note, origin, [verifier]));
  if (checkpoint === undefined) return refused('checkpoint_signature');
  const { size, root } = checkpoint;
  if (!verifyInclusion({ leaf: leafHash(header), index, size, proof, root })) return refused('inclusion');
  const entry = attempt(() => decodeHeader(header));
  if (entry === undefined) return refused('header_form');
  return entry.position === index ? { kind: 'verified', entry } : refused('header_position');
}

export interface DisclosureAsked {
  readonly grant: string;
  readonly session: string;
  /** Undefined: whatever the grant gives. */
  readonly fields: readonly string[] | undefined;
  readonly person: string | undefined;
}

export type DisclosureCheck = 'entry_type' | 'entry_grant' | 'entry_session' | 'entry_fields' | 'entry_person';

/** What of an entry is not the disclosure that was asked for: a proven entry may still be another one. */
export function disclosureDiffers(entry: Entry, asked: DisclosureAsked): readonly DisclosureCheck[] {
  if (!isDisclosure(entry)) return ['entry_type'];
  const { grant, session, fields } = entry.data;
  const checks: readonly (readonly [DisclosureCheck, boolean])[] = [
    ['entry_grant', grant === asked.grant],
    ['entry_session', session === asked.session],
    ['entry_fields', asked.fields === undefined ? fields.length > 0 : sameSet(fields, asked.fields)],
    ['entry_person', asked.person === undefined || entry.actor === asked.person],
  ];
  return checks.filter(([, holds]) => !holds).map(([check]) => check);
}

export const isDisclosure = (entry: Entry): entry is EntryOf<'disclosure.made'> => entry.type === 'disclosure.made';

/** The log's key out of the trust file. @throws Problem trust_file_invalid */
export async function trustedLogKey(path: string): Promise<LogKey> {
  const { loadTrust } = await import('../identity/trust.js');
  const { origin, log } = await loadTrust(path);
  return { origin, verifier: parseVerifierKey(log) };
}

/** The log's key as typed: its name is the origin. @throws Problem usage */
export function namedLogKey(text: string): LogKey {
  const verifier = attempt(() => parseVerifierKey(text));
  if (verifier === undefined) throw wrongUse('--log-key', 'a verifier key, name+id+key');
  return { origin: verifier.name, verifier };
}

/** The file that `read --receipts` writes. */
export const receiptText = ({ header, proof }: Receipt): string =>
  `${JSON.stringify({ header: Buffer.from(header).toString('base64'), proof })}\n`;

/** Undefined if the text is no receipt file. */
export function parseReceipt(text: string): Receipt | undefined {
  const { header, proof } = (attempt(() => JSON.parse(text) as unknown) ?? {}) as { header?: unknown; proof?: unknown };
  if (typeof header !== 'string' || typeof proof !== 'string') return undefined;
  const bytes = Buffer.from(header, 'base64');
  return bytes.toString('base64') === header ? { header: Uint8Array.from(bytes), proof } : undefined;
}

const sameSet = (a: readonly string[], b: readonly string[]) =>
  new Set(a).size === new Set(b).size && a.every((one) => b.includes(one));

/** The parts below throw one constant error each, which says no more than undefined. */
function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Problem) throw error;
    return undefined;
  }
}
