import { checkBytes, checkCount } from './checked.js';
import { hashBytes } from './hash.js';
import { MerkleError } from './merkle-error.js';

/** As many as a client may send (C2SP tlog-witness). */
const mostHashes = 63;

/** What a witness is asked to cosign (C2SP tlog-witness, `add-checkpoint`). */
export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last, as far as whoever asks knows; 0 for none. */
  readonly oldSize: number;
  /** Consistency proof from there; empty from 0, and where the size is the same. */
  readonly proof: readonly Uint8Array[];
  /** Signed note. */
  readonly checkpoint: string;
}

/**
 *   old 20852014
 *   PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
 *
 *   example.com/behind-the-sofa
 *   …
 */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  checkCount('oldSize', oldSize);
  for (const hash of proof) checkBytes('proof hash', hash, hashBytes);
  const lines = [`old ${oldSize}`, ...proof.map((hash) => Buffer.from(hash).toString('base64'))];
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Checks the form only: neither proof nor checkpoint are verified. @throws MerkleError add_checkpoint_malformed */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  const split = body.indexOf('\n\n');
  const [first, ...lines] = body.slice(0, Math.max(split, 0)).split('\n');
  const [, decimal] = /^old (0|[1-9][0-9]{0,15})$/.exec(first ?? '') ?? [];
  const oldSize = Number(decimal);
  const proof = lines.map((line) => Uint8Array.from(Buffer.from(line, 'base64')));
  const wellFormed =
    Number.isSafeInteger(oldSize) && proof.length <= mostHashes && proof.every(({ length }) => length === hashBytes);
  if (!wellFormed) throw new MerkleError('add_checkpoint_malformed');
  const parsed = { oldSize, proof, checkpoint: body.slice(split + 2) };
  if (formatAddCheckpoint(parsed) !== body) throw new MerkleError('add_checkpoint_malformed');
  return parsed;
}
