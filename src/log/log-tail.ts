import type pg from 'pg';
import { Problem } from '../problem.js';
import type { Position } from './ids.js';
import { LogListener } from './log-listener.js';
import { TailWindow, type Followed } from './tail-window.js';

/** How late an entry is where no notification comes through. One question a second for the whole process. */
const pollEveryMs = 1_000;
const entriesAPage = 256;
/** Followers that read up share these few reads, so that they leave the appends their connections. */
const mostReadsAtOnce = 2;

/** The entries from a position on. Size and entries are of one snapshot: what is below the size is all there. */
export const followStatement = {
  name: 'follow',
  text: `SELECT h.size, e.position, e.header FROM log.head h LEFT JOIN LATERAL (
           SELECT position, header FROM log.entry
           WHERE position >= $1 AND position < h.size ORDER BY position LIMIT $2) e ON true`,
};

export interface FollowOptions {
  readonly from: number;
  readonly signal: AbortSignal;
}

/**
 * Follows the log. Whoever waits at its end shares one reader; whoever is behind reads pages of their own. Nothing is
 * pushed at anybody, so a follower that is slow falls behind and costs no memory.
 */
export class LogTail {
  private readonly waiting = new Set<() => void>();
  private followers = 0;
  private window: TailWindow | undefined;
  private listener: LogListener | undefined;
  private poll: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private failure: Problem | undefined;
  private reads: Promise<unknown>[] = Array.from({ length: mostReadsAtOnce }, () => Promise.resolve());
  private leaving: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(private readonly pool: pg.Pool) {}

  /**
   * The entries from `from` on, a page at a time, as soon as they are committed, until `signal` aborts or the log is
   * closed. Raw: whoever decides on them verifies them (VerifiedReplay). An unreachable database is waited for.
   * @throws Problem position_unknown where the log is not that long yet, log_corrupt, log_rolled_back
   */
  async *follow({ from, signal }: FollowOptions): AsyncGenerator<readonly Followed[]> {
    await this.requirePosition(from);
    const leave = this.join();
    try {
      let next = from;
      for (let page; (page = await this.next(next, { signal })) !== undefined; next += page.length) yield page;
    } finally {
      leave();
    }
  }

  /** @throws Problem position_unknown, log_unavailable */
  async requirePosition(from: number): Promise<void> {
    const size = await this.size().catch(() => {
      throw new Problem('log_unavailable');
    });
    // Somebody remembers entries that the log does not have.
    if (from > size) throw new Problem('position_unknown', { size });
  }

  /** For one that follows by `next`, until it calls what this returns. */
  join(): () => void {
    this.followers += 1;
    if (this.followers === 1) this.start();
    let joined = true;
    return () => {
      if (joined) this.followers -= 1;
      joined = false;
      if (this.followers === 0) this.stop();
    };
  }

  /**
   * The next entries, at once or as soon as there are any: never none, but once `withinMs` is over. Undefined once
   * `signal` has aborted, or the log is closed.
   */
  async next(
    from: number,
    { signal, withinMs }: { signal: AbortSignal; withinMs?: number },
  ): Promise<readonly Followed[] | undefined> {
    const deadline = withinMs === undefined ? Infinity : Date.now() + withinMs;
    while (!this.closed && !signal.aborted) {
      if (this.failure !== undefined) throw this.failure;
      const { window } = this;
      const isBehind = window !== undefined && from < window.start;
      if (window !== undefined && !isBehind && from < window.end) return window.from(from, entriesAPage);
      const entries = isBehind ? await this.readUp(from) : undefined;
      if (entries !== undefined) return entries;
      const leftMs = deadline - Date.now();
      if (leftMs <= 0) return [];
      // Nothing wakes one that is behind: its database was not there, and it asks again.
      await this.moved(signal, isBehind ? Math.min(leftMs, pollEveryMs) : leftMs);
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stop();
    this.release();
    await Promise.all([this.leaving, this.looking, ...this.reads]);
  }

  private start(): void {
    if (this.closed) return;
    // The pool's own options: its password is not to be copied around.
    this.listener = new LogListener(this.pool.options, () => this.look());
    this.poll = setInterval(() => this.look(), pollEveryMs);
    this.look();
  }

  private stop(): void {
    clearInterval(this.poll);
    this.leaving = Promise.all([this.leaving, this.listener?.close()]);
    this.listener = undefined;
    this.window = undefined;
    this.failure = undefined;
  }

  /** Asked while it looks, it looks once more: what was asked about may be newer than what it sees. */
  private look(): void {
    this.lookAgain = true;
    this.looking ??= this.readOn()
      .catch((error: unknown) => {
        // All else is a database that cannot be reached, and is asked again at the next poll.
        if (!(error instanceof Problem) || this.followers === 0) return;
        this.failure = error;
        this.release();
      })
      .finally(() => (this.looking = undefined));
  }

  private async readOn(): Promise<void> {
    while (this.lookAgain && this.followers > 0 && !this.closed) {
      this.lookAgain = false;
      const window = this.window ?? new TailWindow(await this.size());
      const { size, entries } = await this.read(window.end);
      window.add(entries);
      if (window.end < size) this.lookAgain = true;
      const isNews = entries.length > 0 || window !== this.window;
      // Everybody may have left meanwhile: then nothing is kept.
      if (this.followers > 0) this.window = window;
      if (isNews) this.release();
    }
  }

  /** A page of its own for one that is behind; undefined where the database could not be asked just now. */
  private readUp(from: number): Promise<readonly Followed[] | undefined> {
    const turn = (this.reads.shift() ?? Promise.resolve()).then(() => this.read(from));
    this.reads.push(turn.catch(() => undefined));
    return turn.then(
      ({ entries }) => entries,
      (error: unknown) => {
        if (error instanceof Problem) throw error;
        return undefined;
      },
    );
  }

  private async read(from: number): Promise<{ size: number; entries: Followed[] }> {
    const { rows } = await this.pool.query<{ size: number; position: Position | null; header: Buffer }>({
      ...followStatement,
      values: [from, entriesAPage],
    });
    const size = rows[0]?.size ?? 0;
    if (size < from) throw new Problem('log_rolled_back', { kept: from, size });
    const entries = rows.flatMap(({ position, header }) => (position === null ? [] : [{ position, header }]));
    // Better to stop than to pass over an entry: below the size, each must be there.
    const expected = Math.min(size - from, entriesAPage);
    for (let index = 0; index < expected; index += 1) {
      if (entries[index]?.position !== from + index) throw new Problem('log_corrupt', { position: from + index });
    }
    return { size, entries };
  }

  private async size(): Promise<number> {
    const { rows } = await this.pool.query<{ size: number }>('SELECT size FROM log.head');
    return rows[0]?.size ?? 0;
  }

  private moved(signal: AbortSignal, withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = withinMs === Infinity ? undefined : setTimeout(() => done(), withinMs);
      const done = () => {
        this.waiting.delete(done);
        signal.removeEventListener('abort', done);
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', done);
      this.waiting.add(done);
    });
  }

  private release(): void {
    for (const done of [...this.waiting]) done();
  }
}
