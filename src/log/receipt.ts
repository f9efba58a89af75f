import { openCheckpoint } from '../merkle/checkpoint.js';
import { leafHash } from '../merkle/hash.js';
import { MerkleError } from '../merkle/merkle-error.js';
import type { NoteVerifier } from '../merkle/note.js';
import { verifyInclusion } from '../merkle/proof.js';
import { formatTlogProof, parseTlogProof } from '../merkle/tlog-proof.js';
import { decodeHeader, type Entry } from './header.js';

/** An entry's header and the proof that it is in the log: all that is needed, offline, beside the log's key. */
export interface Receipt {
  readonly index: number;
  /** Inclusion proof, leaf to root. */
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
  readonly header: Uint8Array;
}

/** A header of 64 KB in base64, the longest proof and a note with every signature it may have stay well below. */
export const mostReceiptCharacters = 256 * 1024;

/**
 * A C2SP tlog-proof whose extra data is the header (docs/formats/log.md):
 *
 *   c2sp.org/tlog-proof@v1
 *   extra qmF2AWJhdBsAAAGbVvu4…
 *   index 42
 *   gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
 *
 *   custos.example/log
 *   43
 *   …
 */
export const formatReceipt = ({ index, proof, checkpoint, header }: Receipt): string =>
  formatTlogProof({ index, proof, checkpoint, extra: header });

/** Undefined if the text is not exactly what `formatReceipt` gives. Nothing of it is verified. */
export function parseReceipt(text: string): Receipt | undefined {
  if (text.length > mostReceiptCharacters) return undefined;
  const parsed = attempt(() => parseTlogProof(text), MerkleError);
  if (parsed?.extra === undefined) return undefined;
  const { index, proof, checkpoint, extra: header } = parsed;
  return { index, proof, checkpoint, header };
}

export type VerifiedReceipt =
  | { readonly kind: 'verified'; readonly entry: Entry; readonly size: number }
  /** `position` is the one claimed, 0 where not even that can be read. */
  | { readonly kind: 'refused'; readonly position: number; readonly check: ReceiptCheck };
export type ReceiptCheck = 'receipt_form' | 'checkpoint_signature' | 'inclusion' | 'header_form' | 'header_position';

/**
 * Whether the log of this origin, by a checkpoint that one of these keys signed, holds the entry. Total: the text may
 * be anything. C2SP says that extra data is not authenticated; here the proof does it, since the header is the leaf,
 * and the header is decoded only then.
 */
export function verifyReceipt(
  text: string,
  trusted: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] },
): VerifiedReceipt {
  const receipt = parseReceipt(text);
  if (receipt === undefined) return { kind: 'refused', position: 0, check: 'receipt_form' };
  const { index, proof, header } = receipt;
  const refused = (check: ReceiptCheck) => ({ kind: 'refused', position: index, check }) as const;

  const note = attempt(() => openCheckpoint(receipt.checkpoint, trusted.origin, trusted.verifiers), MerkleError);
  if (note === undefined) return refused('checkpoint_signature');
  const { size, root } = note;
  if (!verifyInclusion({ leaf: leafHash(header), index, size, proof, root })) return refused('inclusion');
  // The log itself signed bytes that we cannot read: a newer version, or a log that is not ours.
  const entry = attempt(() => decodeHeader(header), Error);
  if (entry === undefined) return refused('header_form');
  return entry.position === index ? { kind: 'verified', entry, size } : refused('header_position');
}

/** The parts above throw one constant error each, which says no more than undefined. */
function attempt<T>(compute: () => T, expected: typeof MerkleError | typeof Error): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof expected) return undefined;
    throw error;
  }
}
