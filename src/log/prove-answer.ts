import { Problem } from '../problem.js';
import { commandHash } from './command-hash.js';
import type { StoredAnswer } from './append-transaction.js';
import type { WriteCommand } from './draft.js';
import { provenEntry, type EntryProof } from './proven-entry.js';

/**
 * What the database says was answered before counts only if the header of the command's first entry names exactly that,
 * and a signed checkpoint covers that header: whoever changes the row changes no answer.
 * @throws Problem log_corrupt with the position of that entry, log_unavailable
 */
export async function requireProven(
  { actor, id }: WriteCommand,
  { digest, text, positions }: StoredAnswer,
  proof: EntryProof,
): Promise<void> {
  const [position = 0] = positions;
  const { command: named } = await provenEntry(position, proof);
  const kept = commandHash({ actor, command: id, digest, count: positions.length, answer: text });
  if (named === undefined || Buffer.compare(kept, named) !== 0) throw new Problem('log_corrupt', { position });
}
