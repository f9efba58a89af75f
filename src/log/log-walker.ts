import type pg from 'pg';
import type { Entry } from './header.js';
import type { LogReader } from './log-reader.js';
import type { Visit } from './replay-headers.js';
import type { VerifiedReplay } from './verified-replay.js';

/** So many at least are read at once where there are more. */
const entriesAtOnce = 4096;

/**
 * Reads on from a position as the log grows, a few thousand entries at a time. What it read counts once `next` has
 * resolved: it lies below a signed checkpoint then.
 */
export class LogWalker {
  constructor(
    private readonly db: pg.Pool,
    private readonly reader: LogReader,
    private readonly replay: VerifiedReplay,
    private readonly from: number,
  ) {}

  /** Entries below it were read, or are below the position at which it began. */
  get size(): number {
    return this.replay.current.size;
  }

  /**
   * The next entries, in order; none at the end of the log. Nothing above `upTo`, if that is the size of a checkpoint.
   * @throws Problem log_corrupt, log_rolled_back
   */
  async next(upTo = Infinity): Promise<readonly Entry[]> {
    const { size } = this;
    const head = await this.reader.head();
    const end = Math.min(head.size, upTo, size + entriesAtOnce);
    if (end === size) return [];
    const goal = end === head.size ? head : await this.reader.checkpointCovering(end);
    const entries: Entry[] = [];
    const visit: Visit = (_before, entry) => void (entry.position >= this.from && entries.push(entry));
    await this.replay.advanceTo(this.db, goal, { visit, shown: 'all' });
    return entries;
  }
}
