import { setTimeout as sleep } from 'node:timers/promises';
import { mostTogether } from '../log/command-hash.js';
import { AnsweredApart } from '../log/decide-group.js';
import type { SessionId } from '../log/ids.js';
import { Unstorable } from '../log/write-and-commit.js';
import { Pace, recordsEnough } from './pace.js';
import { defaultSealWithinMs } from './seal-within.js';
import type { HandedIn } from './write-session.js';

/** Characters and other values of what is sealed together; a larger post goes alone. */
const mostWeight = 2 ** 20;
/** A post of more records is a batch by itself. */
const recordsToJoin = 128;
/** Sessions whose pace is remembered. */
const mostKnown = 10_000;

/** Records that a source handed in, and how much they are (`weightOf`). */
export interface Post extends HandedIn {
  readonly weight: number;
}

interface Came {
  readonly post: Post;
  readonly came: number;
}
interface Waiting<P extends Post, A> extends Came {
  readonly post: P;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Posts of one session that come close together are sealed as one batch and written together (docs/decisions/0038). Each
 * is answered for itself, and not before it is durable.
 */
export class GatheredPosts<P extends Post, A> {
  private readonly sessions = new Map<SessionId, Gathering<P, A>>();

  /** `write` answers for each post, in order; what it throws counts for all of them. */
  constructor(
    private readonly write: (posts: readonly P[]) => Promise<readonly A[]>,
    private readonly within = defaultSealWithinMs,
  ) {}

  add(post: P): Promise<A> {
    const { session } = post;
    const gathering = this.sessions.get(session) ?? new Gathering<P, A>(this.write, this.within);
    // Insertion order is order of use.
    this.sessions.delete(session);
    this.sessions.set(session, gathering);
    if (this.sessions.size > mostKnown) this.forgetOne();
    return gathering.add(post);
  }

  private forgetOne(): void {
    for (const [session, { isIdle }] of this.sessions) {
      if (isIdle) return void this.sessions.delete(session);
    }
  }
}

class Gathering<P extends Post, A> {
  private readonly waiting: Waiting<P, A>[] = [];
  private readonly pace: Pace;
  private running = false;
  private arrived = new AbortController();

  constructor(
    private readonly write: (posts: readonly P[]) => Promise<readonly A[]>,
    within: number,
  ) {
    this.pace = new Pace(within);
  }

  get isIdle(): boolean {
    return !this.running;
  }

  add(post: P): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      const came = performance.now();
      this.pace.came(came);
      this.waiting.push({ post, came, resolve, reject });
      this.arrived.abort();
      if (!this.running) void this.run();
    });
  }

  /** Never throws. */
  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      const held = await this.hold();
      const group = this.take();
      this.pace.sealedAt(performance.now(), { ...gathered(group), held });
      await this.settle(group);
    }
    this.running = false;
  }

  /** Whether there was anything to wait for. */
  private async hold(): Promise<boolean> {
    for (let held = false; ; held = true) {
      const left = this.pace.holdUntil(gathered(this.waiting)) - performance.now();
      if (left <= 0) return held;
      this.arrived = new AbortController();
      await sleep(left, undefined, { signal: this.arrived.signal }).catch(() => undefined);
    }
  }

  /** The first that waits, and those that follow on it. */
  private take(): Waiting<P, A>[] {
    // Over several connections they come in any order.
    if (this.waiting.every(({ post }) => post.first !== 'end')) {
      this.waiting.sort(({ post }, other) => (post.first as number) - (other.post.first as number));
    }
    const group = this.waiting.splice(0, 1);
    for (let next = this.waiting[0]; next !== undefined && joins(group, next); next = this.waiting[0]) {
      group.push(...this.waiting.splice(0, 1));
    }
    return group;
  }

  /** Never throws. */
  private async settle(group: readonly Waiting<P, A>[]): Promise<void> {
    try {
      const answers = await this.write(group.map(({ post }) => post));
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as A);
    } catch (error) {
      // For the sake of one of them: each is tried by itself.
      if (group.length > 1 && (error instanceof AnsweredApart || error instanceof Unstorable)) {
        for (const one of group) await this.settle([one]);
      } else for (const { reject } of group) reject(error);
    }
  }
}

function joins(group: readonly Came[], { post }: Came): boolean {
  const { post: last } = group.at(-1) as Came;
  const { records } = gathered(group);
  const isOfThem = post.source === last.source && post.subject === last.subject && post.format === last.format;
  const weight = group.reduce((sum, one) => sum + one.post.weight, post.weight);
  return (
    isOfThem &&
    last.first !== 'end' &&
    post.first === last.first + last.count &&
    group.length < mostTogether &&
    records + post.count <= recordsEnough &&
    weight <= mostWeight
  );
}

function gathered(waiting: readonly Came[]) {
  const records = waiting.reduce((sum, { post }) => sum + post.count, 0);
  return { first: Math.min(...waiting.map(({ came }) => came)), posts: waiting.length, records };
}

/** What records weigh that were taken apart, so that their depth is bounded. */
export const weightOf = (records: readonly unknown[]): number =>
  records.length > recordsToJoin ? Infinity : weightOfData(records);

function weightOfData(data: unknown): number {
  if (typeof data === 'string') return data.length;
  if (typeof data !== 'object' || data === null) return 1;
  return Object.values(data).reduce((sum: number, value) => sum + weightOfData(value), 1);
}
