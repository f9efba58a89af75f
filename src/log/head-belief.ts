import { performance } from 'node:perf_hooks';
import type { Replayed } from './verified-replay.js';

/** The state that a group is decided on, and the time of its entries. */
export interface Base {
  readonly state: Replayed;
  /** Epoch milliseconds by the database's clock. */
  readonly at: number;
}

/**
 * Where this process believes the head to be: where its own last group leaves it, which may still be under way. True
 * as long as nobody else appends. `log.append_group` compares it with the head before it writes anything, so a wrong
 * belief costs a flight and nothing else (docs/decisions/0011).
 */
export class HeadBelief {
  private base: Base | undefined;
  /** Of the database; `read` is when we had it, by a clock of ours that never jumps. */
  private clock = { at: 0, read: 0 };

  /** Undefined: the head must be taken to know where it is. */
  get current(): Base | undefined {
    const { base, clock } = this;
    if (base === undefined) return undefined;
    // Never ahead of the database: its answer took time to come.
    const now = Math.floor(clock.at + performance.now() - clock.read);
    return { state: base.state, at: Math.max(base.at, now) };
  }

  /** Found under the lock, where this process had left it: it is alone, as it seems. */
  found(base: Base): void {
    this.base = base;
    this.hear(base.at);
  }

  /** A group was sent that leads from there to here. */
  expect(base: Base): void {
    this.base = base;
  }

  /** Somebody else appends, or what was sent may not have arrived. */
  lose(): void {
    this.base = undefined;
  }

  /** What the database's clock says just now. */
  hear(at: number): void {
    this.clock = { at, read: performance.now() };
  }
}
