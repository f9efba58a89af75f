import { Problem } from '../problem.js';
import { commandHash, namedBy, type KeptAnswer } from './command-hash.js';
import type { StoredAnswer } from './append-transaction.js';
import type { WriteCommand } from './draft.js';
import { provenEntry, type EntryProof } from './proven-entry.js';

export interface AnswerProof extends EntryProof {
  /** The commands that wrote from this position on, and what was answered to each, as it is stored. */
  readonly kept: (position: number) => Promise<readonly KeptAnswer[]>;
}

/**
 * What the database says was answered before counts only if the header of the command's first entry names exactly that,
 * alone or with what stands beside it, and a signed checkpoint covers that header: whoever changes a row changes no answer.
 * @throws Problem log_corrupt with the position of that entry, log_unavailable
 */
export async function requireProven(
  { actor, id }: WriteCommand,
  { digest, text, positions }: StoredAnswer,
  proof: AnswerProof,
): Promise<void> {
  const [position = 0] = positions;
  const { command: named } = await provenEntry(position, proof);
  const kept = commandHash({ actor, command: id, digest, count: positions.length, answer: text });
  const isNamed = (hashes: readonly Uint8Array[]) =>
    named !== undefined && Buffer.compare(namedBy(hashes), named) === 0;
  if (isNamed([kept])) return;
  const together = (await proof.kept(position)).map(commandHash);
  const isAmongThem = together.some((hash) => Buffer.compare(hash, kept) === 0);
  if (!isAmongThem || !isNamed(together)) throw new Problem('log_corrupt', { position });
}
