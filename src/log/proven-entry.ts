import { MerkleError } from '../merkle/merkle-error.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { Entry } from './header.js';
import { verifyReceipt } from './receipt.js';

export interface EntryProof {
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  /** As it is stored: nothing of it is believed. */
  readonly receipt: (position: number) => Promise<string>;
}

/**
 * An entry that was written before, as a signed checkpoint covers it, whatever its row says by now.
 * @throws Problem log_corrupt with its position, log_unavailable
 */
export async function provenEntry(position: number, { receipt, ...trusted }: EntryProof): Promise<Entry> {
  const text = await receipt(position).catch((error: unknown) => {
    const isWrong = error instanceof Problem || error instanceof MerkleError;
    throw isWrong ? new Problem('log_corrupt', { position }) : new Problem('log_unavailable');
  });
  const verified = verifyReceipt(text, trusted);
  if (verified.kind === 'refused' || verified.entry.position !== position)
    throw new Problem('log_corrupt', { position });
  return verified.entry;
}
