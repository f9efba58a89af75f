import type { Prepared } from './append-transaction.js';

/** What became of a group. */
export type Landed =
  /** Durable, or nothing was to be written; an answer for each command. */
  | ({ readonly kind: 'committed' } & Pick<Prepared, 'earlier' | 'settled' | 'writes'>)
  /** Problem outcome_unknown: who knows. Any other error: nothing was written. */
  | { readonly kind: 'failed'; readonly error: unknown }
  /** Nothing was written, since what it was decided on did not hold: it must be decided with the head in hand. */
  | { readonly kind: 'undecided' };
