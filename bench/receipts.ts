import { parseReceipt } from '../src/log/receipt.js';
import { openCheckpoint } from '../src/merkle/checkpoint.js';
import { leafHash } from '../src/merkle/hash.js';
import type { NoteVerifier } from '../src/merkle/note.js';
import { verifyInclusion } from '../src/merkle/proof.js';

/** How many of these receipts verify, offline. Each checkpoint's signature is checked once, not once a receipt. */
export function countVerified(receipts: readonly string[], origin: string, verifiers: readonly NoteVerifier[]): number {
  const signed = new Map<string, { size: number; root: Uint8Array }>();
  return receipts.filter((text) => {
    const receipt = parseReceipt(text);
    if (receipt === undefined) return false;
    const { index, proof, checkpoint, header } = receipt;
    const known = signed.get(checkpoint) ?? openCheckpoint(checkpoint, origin, verifiers);
    signed.set(checkpoint, known);
    return verifyInclusion({ leaf: leafHash(header), index, proof, ...known });
  }).length;
}
