import { isDeepStrictEqual } from 'node:util';
import type { Entry } from './header.js';

/** Names one part of the governance state and carries its type. */
export interface SliceKey<S> {
  readonly slice: string;
  /** Only for the compiler. */
  readonly state?: S;
}

/** Reads another slice, as it is with this entry already folded in. */
export type Of = <S>(key: SliceKey<S>) => S;

/**
 * A part of the state, owned by one context: a pure fold over the governing entries. It may look at slices that
 * stand before it in the list, as imports run downward: what a quorum of signatures enforced, above all.
 */
export interface Slice<S> {
  readonly key: SliceKey<S>;
  readonly empty: S;
  evolve(state: S, entry: Entry, of: Of): S;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- slices of any state stand in one list
export type AnySlice = Slice<any>;

/**
 * The state that decisions are made on, at one position. It never changes: evolving gives another one,
 * so a transaction that fails leaves nothing behind, and a past position is just an older value.
 */
export class Governance {
  private constructor(
    private readonly slices: readonly AnySlice[],
    private readonly states: ReadonlyMap<string, unknown>,
  ) {}

  static empty(slices: readonly AnySlice[]): Governance {
    return new Governance(slices, new Map(slices.map(({ key, empty }) => [key.slice, empty])));
  }

  of<S>(key: SliceKey<S>): S {
    if (!this.states.has(key.slice)) throw new Error(`no slice ${key.slice} was registered`);
    return this.states.get(key.slice) as S;
  }

  /** Names of the slices that another fold of the same entries gives otherwise. */
  differences(other: Governance): string[] {
    return [...this.states]
      .filter(([slice, state]) => !isDeepStrictEqual(state, other.states.get(slice)))
      .map(([slice]) => slice);
  }

  evolve(entry: Entry): Governance {
    const next = new Map<string, unknown>();
    const of: Of = <S>({ slice }: SliceKey<S>) => {
      if (!next.has(slice)) throw new Error(`slice ${slice} does not stand before the one that reads it`);
      return next.get(slice) as S;
    };
    for (const { key, evolve } of this.slices) next.set(key.slice, evolve(this.states.get(key.slice), entry, of));
    return new Governance(this.slices, next);
  }
}
