import { z } from 'zod';
import type { Position } from './ids.js';

export const mostOnAPage = 100;

/** Of a query for a list in the order of the log: what stands behind a position. */
export const pageQuery = {
  after: z.coerce.number().int().min(-1).default(-1),
  limit: z.coerce.number().int().min(1).max(mostOnAPage).default(mostOnAPage),
};
export interface AskedPage {
  readonly after: number;
  readonly limit: number;
}
export interface Page<T> {
  readonly items: readonly T[];
  /** Hand it back as `after` for the next page; null on the last one. */
  readonly next: number | null;
}

/** `view` gives undefined for what is not to be listed, and sees no more than the page needs. */
export function pageOf<S extends { readonly position: Position }, T>(
  all: Iterable<S>,
  { after, limit }: AskedPage,
  view: (one: S) => T | undefined,
): Page<T> {
  const items: T[] = [];
  let last: number | null = null;
  const behind = [...all].filter(({ position }) => position > after).sort((a, b) => a.position - b.position);
  for (const one of behind) {
    const shown = view(one);
    if (shown === undefined) continue;
    // There is one more.
    if (items.length === limit) return { items, next: last };
    items.push(shown);
    last = one.position;
  }
  return { items, next: null };
}
