import { Problem } from '../problem.js';
import { isNamed } from './command-hash.js';
import type { EarlierAnswer } from './decide-group.js';
import type { WriteCommand } from './draft.js';
import { provenEntry, type EntryProof } from './proven-entry.js';

/**
 * What the database says was answered before counts only if the header of the command's first entry names exactly that,
 * and a signed checkpoint covers that header: whoever changes the row changes no answer.
 * @throws Problem log_corrupt with the position of that entry, log_unavailable
 */
export async function requireProven(
  { actor, id }: WriteCommand,
  { digest, answer, positions }: EarlierAnswer,
  proof: EntryProof,
): Promise<void> {
  const [position = 0] = positions;
  const { command: named } = await provenEntry(position, proof);
  const kept = { actor, command: id, digest, count: positions.length, answer };
  if (named === undefined || !isNamed(kept, named)) throw new Problem('log_corrupt', { position });
}
