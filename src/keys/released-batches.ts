import type { Entry, EntryOf } from '../log/header.js';

/**
 * The batches of a session that a range of time touches, and how many records they hold: known from headers
 * alone, an upper bound of what a release hands out. Previews, budgets and the keyholder all count with this.
 */
export function countedBatches(
  entries: readonly Entry[],
  range: { readonly from: number; readonly to: number },
): { batches: EntryOf<'session.batch'>[]; records: number } {
  const batches = entries.filter(
    (entry): entry is EntryOf<'session.batch'> =>
      entry.type === 'session.batch' && entry.data.to >= range.from && entry.data.from <= range.to,
  );
  return { batches, records: batches.reduce((sum, { data }) => sum + data.count, 0) };
}
