import { decodeHeader, type Entry } from '../../log/header.js';
import { openCheckpoint } from '../../merkle/checkpoint.js';
import { leafHash } from '../../merkle/hash.js';
import type { NoteVerifier } from '../../merkle/note.js';
import { prunedRoot } from '../../merkle/pruned-tree.js';
import { attempt } from './attempt.js';
import type { Material } from './material.js';

export type EntriesCheck =
  'entry_form' | 'entry_order' | 'entry_missing' | 'checkpoint_signature' | 'checkpoint_size' | 'root_differs';

export type Proven =
  | { readonly kind: 'proven'; readonly entries: readonly Entry[] }
  | { readonly kind: 'refused'; readonly position: number; readonly check: EntriesCheck };

/**
 * Whether a log that this key signs has exactly these entries at their positions, and every one from `completeFrom` to
 * `size`. Each checkpoint is held against the same entries, so all of them are of one log. Total.
 */
export function proveEntries(
  { headers, pruned, checkpoints, completeFrom, size }: Material,
  { origin, verifiers }: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] },
): Proven {
  const entries: Entry[] = [];
  const leaves = new Map<number, Uint8Array>();
  for (const header of headers) {
    const entry = decoded(header);
    const before = entries.at(-1)?.position ?? -1;
    if (entry === undefined) return refused(before + 1, 'entry_form');
    if (entry.position <= before || entry.position >= size) return refused(entry.position, 'entry_order');
    const due = Math.max(before + 1, completeFrom);
    if (entry.position > due) return refused(due, 'entry_missing');
    entries.push(entry);
    leaves.set(entry.position, leafHash(header));
  }
  const end = (entries.at(-1)?.position ?? -1) + 1;
  if (end !== size) return refused(end, 'entry_missing');
  for (const [at, note] of checkpoints) {
    const signed = attempt(() => openCheckpoint(note, origin, verifiers));
    if (signed === undefined) return refused(at, 'checkpoint_signature');
    if (signed.size !== at || at < completeFrom) return refused(at, 'checkpoint_size');
    const root = attempt(() => prunedRoot(leaves, pruned, at));
    if (root === undefined || Buffer.compare(root, signed.root) !== 0) return refused(at, 'root_differs');
  }
  return { kind: 'proven', entries };
}

const decoded = (header: Uint8Array) => attempt(() => decodeHeader(header));
const refused = (position: number, check: EntriesCheck) => ({ kind: 'refused', position, check }) as const;
