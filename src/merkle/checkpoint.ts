import { checkBytes, checkCount, isCount } from './checked.js';
import { hashBytes } from './hash.js';
import { MerkleError } from './merkle-error.js';
import { openNote, signNote, type NoteSigner, type NoteVerifier } from './note.js';

/** The root of a log's first `size` entries (C2SP tlog-checkpoint). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Three lines: origin, decimal size, base64 root. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  checkCount('size', size);
  checkBytes('root', root, hashBytes);
  if (!isLine(origin)) throw new TypeError('origin: not one line');
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

const isLine = (text: string) => text !== '' && !/[\n\r]/.test(text);

/**
 * Accepts exactly what `formatCheckpoint` gives. Extension lines are allowed by the specification and refused
 * here: we write none, and a line that is signed but not understood must not pass unnoticed.
 * @throws MerkleError checkpoint_malformed
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', decimal, encoded = ''] = text.split('\n');
  const size = Number(decimal);
  const root = Uint8Array.from(Buffer.from(encoded, 'base64'));
  if (!isLine(origin) || !isCount(size) || root.length !== hashBytes) throw new MerkleError('checkpoint_malformed');
  const checkpoint = { origin, size, root };
  // What was not looked at above is not written again, or is written otherwise.
  if (formatCheckpoint(checkpoint) !== text) throw new MerkleError('checkpoint_malformed');
  return checkpoint;
}

export const signCheckpoint = (checkpoint: Checkpoint, signer: NoteSigner): string =>
  signNote(formatCheckpoint(checkpoint), signer);

/** @throws MerkleError checkpoint_refused unless it is this origin's and one of the keys signed it. */
export function openCheckpoint(note: string, origin: string, verifiers: readonly NoteVerifier[]): Checkpoint {
  try {
    const checkpoint = parseCheckpoint(openNote(note, verifiers).text);
    if (checkpoint.origin === origin) return checkpoint;
  } catch (error) {
    if (!(error instanceof MerkleError)) throw error;
  }
  throw new MerkleError('checkpoint_refused');
}
