import { openCheckpoint } from '../merkle/checkpoint.js';
import { emptyFrontier, frontierRoot, type Frontier } from '../merkle/frontier.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { Queryable } from './database.js';
import { Governance, type AnySlice } from './governance.js';
import type { KeptStates } from './kept-states.js';
import { nobodyWatches, replayHeaders, whatIsWrong, type Folded, type Watch } from './replay-headers.js';

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

/**
 * Folds the log into state and believes nothing on the way: every header is hashed, and the result counts only
 * if a checkpoint signed by the log's key covers exactly that root. Whoever changes, drops or adds a row
 * in the database therefore changes no decision; they stop it.
 */
export class VerifiedReplay {
  private replayed: Replayed;

  /** `kept` gets states that were passed on the way, once all of it has verified. */
  constructor(
    private readonly trusted: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] },
    from: readonly AnySlice[] | Folded,
    private readonly kept?: KeptStates,
  ) {
    const { frontier, governance } = 'frontier' in from ? from : nothing(from);
    this.replayed = { size: frontier.size, frontier, governance, checkpoint: '' };
  }

  get current(): Replayed {
    return this.replayed;
  }

  /** Takes over what this process itself has just committed under the head lock. */
  adopt(replayed: Replayed): void {
    this.replayed = replayed;
    this.kept?.keep(replayed);
  }

  /**
   * Reads on to the claimed head. Nothing is adopted unless all of it verifies, and what was watched is to be believed only
   * then.
   * @throws Problem log_corrupt with the first position that cannot be trusted, log_too_new, log_rolled_back where the
   *   database was put back to an older state under this process.
   */
  async advanceTo(db: Queryable, claimed: ClaimedHead, watch: Watch = nobodyWatches): Promise<Replayed> {
    const from = this.replayed;
    if (claimed.size === from.size && claimed.checkpoint === from.checkpoint) return from;
    if (claimed.size < from.size) throw new Problem('log_rolled_back', { kept: from.size, size: claimed.size });
    const root = this.signedRoot(claimed, from.size);

    const passed: Folded[] = [];
    const pass = (folded: Folded) => void (this.kept !== undefined && passed.push(folded));
    const folded = await replayHeaders(db, { from, size: claimed.size, watch, pass });
    if (folded === undefined || !Buffer.from(frontierRoot(folded.frontier)).equals(root))
      throw await whatIsWrong(db, from.size, claimed.size);
    for (const one of passed) this.kept?.keep(one);
    this.adopt({ size: claimed.size, ...folded, checkpoint: claimed.checkpoint });
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

const nothing = (slices: readonly AnySlice[]): Folded => ({
  frontier: emptyFrontier,
  governance: Governance.empty(slices),
});
