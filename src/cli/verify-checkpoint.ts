import { openCheckpoint } from '../merkle/checkpoint.js';
import { MerkleError } from '../merkle/merkle-error.js';
import { visible } from './output.js';
import type { LogKey } from './receipt.js';
import { witnessedText, witnessesOn, type RequiredWitnesses, type WitnessedBy } from './required-witnesses.js';
import type { Verdict } from './verdict.js';

export type CheckpointVerdict = Verdict & {
  readonly origin: string;
  readonly size?: number;
  readonly cosignatures?: readonly WitnessedBy[];
};

/** A signed checkpoint, offline: the log's signature, and those of the witnesses that are named. Total. */
export function verifyCheckpoint(
  note: string,
  key: LogKey,
  required: RequiredWitnesses | undefined,
): CheckpointVerdict {
  const refused = (check: string) => ({
    ok: false,
    entries: 0,
    bodies: 0,
    checkpoints: 0,
    origin: key.origin,
    problems: [{ position: 0, check }],
  });
  try {
    const { size } = openCheckpoint(note, key.origin, key.verifiers);
    const on = required === undefined ? undefined : witnessesOn(note, required);
    if (required !== undefined && on === undefined) return refused('cosignatures');
    const verified = { ok: true, entries: 0, bodies: 0, checkpoints: 1, origin: key.origin, size, problems: [] };
    return on === undefined ? verified : { ...verified, cosignatures: on };
  } catch (error) {
    if (error instanceof MerkleError) return refused('checkpoint_signature');
    throw error;
  }
}

export function checkpointVerdictText({ ok, problems, origin, size, cosignatures }: CheckpointVerdict): string {
  if (!ok) return `NOT VERIFIED: ${problems.map(({ check }) => check).join(', ')}`;
  return visible(`Verified: ${origin} signed a checkpoint over ${size} entries${witnessedText(cosignatures)}`);
}
