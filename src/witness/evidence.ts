import { z } from 'zod';
import { openCheckpoint, type Checkpoint } from '../merkle/checkpoint.js';
import { MerkleError } from '../merkle/merkle-error.js';
import type { NoteVerifier } from '../merkle/note.js';
import { verifyFork } from '../merkle/proof.js';

const mostNoteCharacters = 64 * 1024;
const Note = z.string().max(mostNoteCharacters);

/**
 * What a witness keeps of a log that broke its word: the checkpoint that it had cosigned, the one that it was shown
 * later, and for a fork the hashes that convict (`verifyFork`), leaf side first.
 */
export const Evidence = z.strictObject({
  v: z.literal(1),
  kind: z.enum(['fork', 'rollback']),
  /** Epoch milliseconds, by the clock of the witness. */
  seenAt: z.int().min(0),
  witnessed: Note,
  shown: Note,
  proof: z.array(z.base64()).max(64),
});
export type Evidence = z.infer<typeof Evidence>;

export const formatEvidence = (evidence: Evidence): string => `${JSON.stringify(evidence, undefined, 2)}\n`;

/** Undefined for whatever is none. Nothing of it is verified. */
export function parseEvidence(text: string): Evidence | undefined {
  try {
    return Evidence.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * `fork`: the log signed two histories, and this file alone proves it. `rollback`: it signed both, and that the shorter
 * one was shown after the longer is the word of the witness. The others say why it proves nothing.
 */
export type EvidenceVerdict = 'fork' | 'rollback' | 'not_signed' | 'no_fork';

/** Total: the evidence may come from anybody. */
export function judgeEvidence(
  { witnessed, shown, proof, kind }: Evidence,
  { origin, verifiers }: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] },
): { readonly verdict: EvidenceVerdict; readonly sizes?: readonly [witnessed: number, shown: number] } {
  let both: readonly [Checkpoint, Checkpoint];
  try {
    both = [openCheckpoint(witnessed, origin, verifiers), openCheckpoint(shown, origin, verifiers)];
  } catch (error) {
    if (error instanceof MerkleError) return { verdict: 'not_signed' };
    throw error;
  }
  const sizes = [both[0].size, both[1].size] as const;
  const hashes = proof.map((hash) => Uint8Array.from(Buffer.from(hash, 'base64')));
  if (showsFork(both, hashes)) return { verdict: 'fork', sizes };
  return { verdict: kind === 'rollback' && sizes[1] < sizes[0] ? 'rollback' : 'no_fork', sizes };
}

/** Whichever of the two is the larger. */
export function showsFork([one, other]: readonly [Checkpoint, Checkpoint], proof: readonly Uint8Array[]): boolean {
  const [from, to] = one.size <= other.size ? [one, other] : [other, one];
  return verifyFork({ fromSize: from.size, fromRoot: from.root, toSize: to.size, toRoot: to.root, proof });
}
