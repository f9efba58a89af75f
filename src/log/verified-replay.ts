import { openCheckpoint } from '../merkle/checkpoint.js';
import { appendLeaves, emptyFrontier, frontierRoot, type Frontier } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { Queryable } from './database.js';
import { governs } from './entries.js';
import { Governance, type AnySlice } from './governance.js';
import { decodeHeader, type Entry } from './header.js';
import type { Position } from './ids.js';

/** What a log claims to be: its size, and the signed note over the root of exactly that size. */
export interface ClaimedHead {
  readonly size: number;
  readonly checkpoint: string;
}

/** Everything that follows from the log's first `size` headers. */
export interface Replayed {
  readonly size: number;
  readonly frontier: Frontier;
  readonly governance: Governance;
  readonly checkpoint: string;
}

/** Called for every governing entry with the state just below it. */
export type Visit = (before: Governance, entry: Entry) => void;

const headersAPage = 5000; // about 2 MB of headers at once

/**
 * Folds the log into state and believes nothing on the way: every header is hashed, and the result counts only
 * if a checkpoint signed by the log's key covers exactly that root. Whoever changes, drops or adds a row
 * in the database therefore changes no decision; they stop it.
 */
export class VerifiedReplay {
  private replayed: Replayed;

  constructor(
    private readonly trusted: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] },
    slices: readonly AnySlice[],
  ) {
    this.replayed = {
      size: 0,
      frontier: emptyFrontier,
      governance: Governance.empty(slices),
      checkpoint: '',
    };
  }

  get current(): Replayed {
    return this.replayed;
  }

  /** Takes over what this process itself has just committed under the head lock. */
  adopt(replayed: Replayed): void {
    this.replayed = replayed;
  }

  /**
   * Reads on to the claimed head. Nothing is adopted unless all of it verifies.
   * @throws Problem log_corrupt with the first position that cannot be trusted.
   */
  async advanceTo(db: Queryable, claimed: ClaimedHead, visit: Visit = () => undefined): Promise<Replayed> {
    const from = this.replayed;
    if (claimed.size === from.size && claimed.checkpoint === from.checkpoint) return from;
    if (claimed.size <= from.size) throw new Problem('log_corrupt', { position: claimed.size });
    const root = this.signedRoot(claimed, from.size);

    let { frontier, governance } = from;
    for (let next = from.size; next < claimed.size; next = frontier.size) {
      const { rows } = await db.query<{ position: number; leaf: Buffer; header: Buffer }>({
        name: 'replay-headers',
        text: `SELECT position, leaf, header FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position`,
        values: [next, Math.min(next + headersAPage, claimed.size)],
      });
      const leaves: Uint8Array[] = [];
      for (const [index, row] of rows.entries()) {
        const position = next + index;
        const leaf = leafHash(row.header);
        if (row.position !== position || !row.leaf.equals(leaf)) throw new Problem('log_corrupt', { position });
        leaves.push(leaf);
        governance = evolveOne(governance, row.header, position as Position, visit);
      }
      if (rows.length === 0) throw new Problem('log_corrupt', { position: next });
      frontier = appendLeaves(frontier, leaves);
    }
    if (!Buffer.from(frontierRoot(frontier)).equals(root)) throw new Problem('log_corrupt', { position: from.size });
    this.replayed = { size: claimed.size, frontier, governance, checkpoint: claimed.checkpoint };
    return this.replayed;
  }

  private signedRoot({ size, checkpoint }: ClaimedHead, position: number): Uint8Array {
    try {
      const signed = openCheckpoint(checkpoint, this.trusted.origin, [...this.trusted.verifiers]);
      if (signed.size === size) return signed.root;
    } catch {
      // A note that does not open and a note over another size are the same to us: not our log.
    }
    throw new Problem('log_corrupt', { position });
  }
}

function evolveOne(governance: Governance, header: Uint8Array, position: Position, visit: Visit): Governance {
  const entry = decodeOrCorrupt(header, position);
  if (entry.position !== position) throw new Problem('log_corrupt', { position });
  if (!governs[entry.type]) return governance;
  visit(governance, entry);
  return governance.evolve(entry);
}

function decodeOrCorrupt(header: Uint8Array, position: number): Entry {
  try {
    return decodeHeader(header);
  } catch {
    throw new Problem('log_corrupt', { position });
  }
}
