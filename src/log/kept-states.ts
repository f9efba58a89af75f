import type { Folded } from './replay-headers.js';

/** Beside the newest state the past ones cost what is not in it any more; few of them bound that. */
const mostStates = 128;

/**
 * States of the past that this process has folded and verified, evenly spread over the log, so that a question about a
 * moment folds on from the one below it and not from the first entry. They are values that never change, share most of
 * their memory, stand nowhere else, and can be thrown away at any time.
 */
export class KeptStates {
  private states: Folded[] = [];

  /** `apart`: entries between two of them, while there are few. */
  constructor(private apart: number) {}

  /** In the order of their sizes. One that stands too near to the one before it is not kept. */
  keep({ frontier, governance }: Folded): void {
    if (frontier.size < (this.states.at(-1)?.frontier.size ?? 0) + this.apart) return;
    this.states.push({ frontier, governance });
    if (this.states.length <= mostStates) return;
    this.states = this.states.filter((_state, index) => index % 2 === 1);
    // As those that are left: what comes in large groups is further apart than was asked for.
    this.apart = frontier.size / this.states.length;
  }

  /** The last one of no more than `size` entries. */
  within(size: number): Folded | undefined {
    return this.states.findLast(({ frontier }) => frontier.size <= size);
  }

  get count(): number {
    return this.states.length;
  }
}
