import type pg from 'pg';

/** How often this process looks, asked or not: standing still is told by comparing looks. */
const lookEveryMs = 2_000;

export interface Lag {
  /** Entries that are in the topic. */
  readonly published: number;
  /** Entries that are in the log and not in the topic. */
  readonly lag: number;
}

/**
 * How far behind the log its topic is, by the database and so the same on every instance, whoever publishes. It stands
 * still where there is something to publish, and for `stalledMs` nothing of it was.
 */
export class PublishedLag {
  private last: Lag | undefined;
  private behindSince: number | undefined;
  private looking: Promise<Lag> | undefined;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly db: pg.Pool,
    private readonly topic: string,
    private readonly stalledMs: number,
    private readonly now: () => number = Date.now,
  ) {
    this.timer = setInterval(() => void this.look().catch(() => undefined), lookEveryMs);
  }

  /** Rejects where the database does not answer. */
  look(): Promise<Lag> {
    this.looking ??= this.read().finally(() => (this.looking = undefined));
    return this.looking;
  }

  /** At the last look. */
  get standsStill(): boolean {
    return this.behindSince !== undefined && this.now() - this.behindSince > this.stalledMs;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking?.catch(() => undefined);
  }

  private async read(): Promise<Lag> {
    const { rows } = await this.db.query<{ size: number; published: number | null }>(
      'SELECT h.size, p.size AS published FROM log.head h LEFT JOIN log.published p ON p.topic = $1',
      [this.topic],
    );
    const published = rows[0]?.published ?? 0;
    const lag = (rows[0]?.size ?? 0) - published;
    if (lag === 0) this.behindSince = undefined;
    else if (this.behindSince === undefined || published !== this.last?.published) this.behindSince = this.now();
    this.last = { published, lag };
    return this.last;
  }
}
