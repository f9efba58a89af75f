import type { CutRecord } from './format.js';

/**
 * Cuts a recording that comes in pieces, for one that is larger than memory. What is known at its end only, but
 * belongs before the other records, is `first`. Together they are what `cut` gives of the whole.
 */
export interface Cutter<Piece = string> {
  /** @throws Problem as `cut` does */
  push(piece: Piece): readonly CutRecord[];
  /** @throws Problem as `cut` does */
  end(): { readonly first: readonly CutRecord[]; readonly last: readonly CutRecord[] };
}

/** For recordings that make sense as a whole only: everything comes at the end. */
export function wholeCutter(cut: (text: string) => readonly CutRecord[]): Cutter {
  const pieces: string[] = [];
  return {
    push: (text) => {
      pieces.push(text);
      return [];
    },
    end: () => ({ first: [], last: cut(pieces.join('')) }),
  };
}

/** A whole recording, cut by its pieces. */
export function cutAll<Piece>(cutter: Cutter<Piece>, whole: Piece): CutRecord[] {
  const records = cutter.push(whole);
  const { first, last } = cutter.end();
  return [...first, ...records, ...last];
}
