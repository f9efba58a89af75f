import type pg from 'pg';
import type { Entry } from './header.js';
import type { LogReader } from './log-reader.js';
import type { Visit } from './replay-headers.js';
import type { Shown } from './replay-page.js';
import type { VerifiedReplay } from './verified-replay.js';

/** So many at least are read at once where there are more. */
const entriesAtOnce = 4096;

interface Walk {
  readonly db: pg.Pool;
  readonly reader: LogReader;
  readonly replay: VerifiedReplay;
  readonly from: number;
  readonly shown: Shown;
}

/**
 * Reads on from a position as the log grows, a few thousand entries at a time. What it read counts once `next` has
 * resolved: it lies below a signed checkpoint then.
 */
export class LogWalker {
  constructor(private readonly walk: Walk) {}

  /** Entries below it were read, or are below the position at which it began. */
  get size(): number {
    return this.walk.replay.current.size;
  }

  /**
   * Those of the next entries that are shown, in order; undefined at the end of the log. Nothing above `upTo`, if that is
   * the size of a checkpoint.
   * @throws Problem log_corrupt, log_rolled_back
   */
  async next(upTo = Infinity): Promise<readonly Entry[] | undefined> {
    const { db, reader, replay, from, shown } = this.walk;
    const { size } = this;
    const head = await reader.head();
    const end = Math.min(head.size, upTo, size + entriesAtOnce);
    if (end === size) return undefined;
    const goal = end === head.size ? head : await reader.checkpointCovering(end);
    const entries: Entry[] = [];
    const visit: Visit = (_before, entry) => void (entry.position >= from && entries.push(entry));
    await replay.advanceTo(db, goal, { visit, shown });
    return entries;
  }
}
