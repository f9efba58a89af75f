/** Records that fill a batch: more in it make a column hardly cheaper. */
export const recordsEnough = 512;
/** Posts after which a source that seemed to wait for its answers is waited for once more. */
const postsUntilAskedAgain = 64;
/** Nothing came for so many times the usual pause: nothing more is coming. */
const pauses = 4;
/** Of a new pause in the usual one. */
const weight = 0.25;

export interface Gathered {
  /** When the first of them came. */
  readonly first: number;
  readonly posts: number;
  readonly records: number;
}

/**
 * How long the posts of one session wait for each other, learned from how they come. It has no clock: it is told the time.
 *
 * Where posts come far apart, nobody waits. Where they come close together they are held, until they fill a batch, the
 * pause grows long, or the first has waited `within`. A source that sends nothing before it has its answers ends each hold
 * with as many posts as it sends at once: from then on nobody waits for more than those.
 */
export class Pace {
  private last = -Infinity;
  /** Milliseconds, on average. */
  private pause: number;
  private postsEnough = Infinity;
  private sealed = 0;

  /** @param within - milliseconds that a post waits at most for others */
  constructor(private readonly within: number) {
    this.pause = within;
  }

  came(at: number): void {
    const since = at - this.last;
    this.last = at;
    this.pause = since >= this.within ? this.within : this.pause + weight * (since - this.pause);
  }

  /** Until when those that wait are held; in the past if they are not. */
  holdUntil({ first, posts, records }: Gathered): number {
    const isFull = records >= recordsEnough || posts >= this.postsEnough;
    const isQuiet = pauses * this.pause >= this.within;
    return isFull || isQuiet ? -Infinity : Math.min(first + this.within, this.last + pauses * this.pause);
  }

  /** So many posts are sealed together, and were held for it or not. */
  sealedAt(at: number, { first, posts, records, held }: Gathered & { held: boolean }): void {
    const moreWereComing = records >= recordsEnough || at - first >= this.within;
    if (moreWereComing) this.postsEnough = Infinity;
    else if (held) this.postsEnough = Math.min(posts, this.postsEnough);
    this.sealed += posts;
    if (this.sealed < postsUntilAskedAgain) return;
    this.sealed = 0;
    this.postsEnough = Infinity;
  }
}
