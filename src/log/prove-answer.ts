import { MerkleError } from '../merkle/merkle-error.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import { isNamed } from './command-hash.js';
import type { EarlierAnswer } from './decide-group.js';
import type { WriteCommand } from './draft.js';
import { verifyReceipt } from './receipt.js';

export interface AnswerProof {
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  /** As it is stored: nothing of it is believed. */
  readonly receipt: (position: number) => Promise<string>;
}

/**
 * What the database says was answered before counts only if the header of the command's first entry names exactly that,
 * and a signed checkpoint covers that header: whoever changes the row changes no answer.
 * @throws Problem log_corrupt with the position of that entry, log_unavailable
 */
export async function requireProven(
  { actor, id }: WriteCommand,
  { digest, answer, positions }: EarlierAnswer,
  { origin, verifiers, receipt }: AnswerProof,
): Promise<void> {
  const [position = 0] = positions;
  const text = await receipt(position).catch((error: unknown) => {
    const isWrong = error instanceof Problem || error instanceof MerkleError;
    throw isWrong ? new Problem('log_corrupt', { position }) : new Problem('log_unavailable');
  });
  const verified = verifyReceipt(text, { origin, verifiers });
  const named =
    verified.kind === 'verified' && verified.entry.position === position ? verified.entry.command : undefined;
  const kept = { actor, command: id, digest, count: positions.length, answer };
  if (named === undefined || !isNamed(kept, named)) throw new Problem('log_corrupt', { position });
}
