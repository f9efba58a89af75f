import { openCheckpoint } from '../merkle/checkpoint.js';
import { emptyFrontier, frontierRoot, type Frontier } from '../merkle/frontier.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem } from '../problem.js';
import { onOneClient, type Queryable } from './database.js';
import { Governance, type AnySlice } from './governance.js';
import type { KeptStates } from './kept-states.js';
import { entriesWorthThreads, PageThreads } from './page-threads.js';
import { entriesAPage } from './replay-page.js';
import {
  governingOnly,
  replayHeaders,
  replayPages,
  type Folded,
  type PagesToReplay,
  type Shown,
  type Visit,
} from './replay-headers.js';

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
   * Reads on to the claimed head. Nothing is adopted unless all of it verifies.
   * @throws Problem log_corrupt with the first position that cannot be trusted, log_rolled_back where the database was
   *   put back to an older state under this process.
   */
  advanceTo(db: Queryable, claimed: ClaimedHead, visit: Visit = () => undefined): Promise<Replayed> {
    return this.verified(claimed, (from, size, pass) =>
      this.readOn(db, { from, size, visit, shown: governingOnly, pass }),
    );
  }

  /**
   * The same, and entries that change nothing are shown too: all of them, read here and now, or those of the types named.
   * @throws Problem as `advanceTo`
   */
  walkTo(db: Queryable, claimed: ClaimedHead, visit: Visit, shown: Shown = 'all'): Promise<Replayed> {
    return this.verified(claimed, (from, size, pass) =>
      shown === 'all'
        ? replayHeaders(db, from, size, visit, shown)
        : this.readOn(db, { from, size, visit, shown, pass }),
    );
  }

  private async verified(
    claimed: ClaimedHead,
    read: (from: Folded, size: number, pass: (folded: Folded) => void) => Promise<Folded>,
  ): Promise<Replayed> {
    const from = this.replayed;
    if (claimed.size === from.size && claimed.checkpoint === from.checkpoint) return from;
    if (claimed.size < from.size) throw new Problem('log_rolled_back', { kept: from.size, size: claimed.size });
    const root = this.signedRoot(claimed, from.size);

    const passed: Folded[] = [];
    const keepPassed = (folded: Folded) => void (this.kept !== undefined && passed.push(folded));
    const { frontier, governance } = await read(from, claimed.size, keepPassed);
    if (!Buffer.from(frontierRoot(frontier)).equals(root)) throw new Problem('log_corrupt', { position: from.size });
    for (const folded of passed) this.kept?.keep(folded);
    this.adopt({ size: claimed.size, frontier, governance, checkpoint: claimed.checkpoint });
    return this.replayed;
  }

  private async readOn(db: Queryable, { from, size, visit, shown, pass }: Reading): Promise<Folded> {
    // Whole pages go to other threads if there are many; all else is read here, where it costs no thread a start.
    const wholeFrom = Math.ceil(from.frontier.size / entriesAPage) * entriesAPage;
    const wholeTo = Math.floor(size / entriesAPage) * entriesAPage;
    if (wholeTo - wholeFrom < entriesWorthThreads) return replayHeaders(db, from, size, visit, shown);
    const aligned = await replayHeaders(db, from, wholeFrom, visit, shown);
    const whole = await onOneClient(db, (client) =>
      PageThreads.forEntries(wholeTo - wholeFrom, (worker) =>
        replayPages(client, { worker, from: aligned, size: wholeTo, visit, shown, pass }),
      ),
    );
    return replayHeaders(db, whole, size, visit, shown);
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

type Reading = Omit<PagesToReplay, 'worker'>;

const nothing = (slices: readonly AnySlice[]): Folded => ({
  frontier: emptyFrontier,
  governance: Governance.empty(slices),
});
