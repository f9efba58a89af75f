import type pg from 'pg';
import { decodeHeader } from '../../src/log/header.js';
import { openCheckpoint } from '../../src/merkle/checkpoint.js';
import { appendLeaf, emptyFrontier, frontierRoot } from '../../src/merkle/frontier.js';
import { leafHash } from '../../src/merkle/hash.js';
import type { NoteVerifier } from '../../src/merkle/note.js';
import type { Content, Seen } from './judge.js';
import { markOf } from './order.js';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A checkpoint as it was given out. The note is opened: one that the log did not sign throws. */
export function seen(note: string, from: string, trusted: { origin: string; verifiers: NoteVerifier[] }): Seen {
  const { size, root } = openCheckpoint(note, trusted.origin, trusted.verifiers);
  return { size, root: hex(root), from };
}

/**
 * Reads what the database holds with statements of its own: the log's reader may have the fault that is looked for.
 * Roots are recomputed for `sizes` and for every stored checkpoint.
 */
export async function readContent(
  db: pg.ClientBase,
  sizes: ReadonlySet<number>,
  trusted: { origin: string; verifiers: NoteVerifier[] },
): Promise<Content & { readonly governing: number }> {
  const { rows: heads } = await db.query<{ size: number }>('SELECT size FROM log.head');
  const { rows: entries } = await db.query<{ position: number; header: Buffer }>(
    'SELECT position, header FROM log.entry ORDER BY position',
  );
  const { rows: commands } = await db.query('SELECT command, first, count, answer FROM log.command');
  const { rows: checkpoints } = await db.query<{ size: number; note: string }>('SELECT size, note FROM log.checkpoint');
  const roots = new Map<number, string>();
  const decoded = entries.map(({ header }) => decodeHeader(header));
  let frontier = emptyFrontier;
  for (const { header } of entries) {
    frontier = appendLeaf(frontier, leafHash(header));
    if (sizes.has(frontier.size)) roots.set(frontier.size, hex(frontierRoot(frontier)));
  }
  const signed = new Map(checkpoints.map(({ size, note }) => [size, seen(note, 'database', trusted).root]));
  return {
    size: heads[0]?.size ?? -1,
    entries: entries.map(({ position }, index) => ({ position, mark: markOf(decoded[index]?.subject) })),
    answers: new Map(
      commands.map(({ command, first, count, answer }) => [
        command,
        {
          answer: JSON.parse(answer as string),
          positions: Array.from({ length: count }, (_, offset) => Number(first) + offset),
        },
      ]),
    ),
    rootAt: (size) => roots.get(size),
    signedAt: (size) => signed.get(size),
    governing: decoded.filter(({ type }) => type === 'consent.changed').length,
  };
}
