import type { FieldName } from '../log/fields.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { RetentionBody } from './retention.js';

const day = 86_400_000;
type Keep = RetentionBody['keep'];

/**
 * Whether a column of an entry with this time is gone, said a second time: slowly, from the whole history, with
 * nothing remembered from one entry to the next.
 */
export const goneByOracle = (history: readonly Entry[], field: FieldName, at: number): boolean =>
  history.some(
    (entry, index) =>
      isExpiry(entry, field) && at < entry.data.before && allowedByOracle(history.slice(0, index), entry),
  );

export function allowedByOracle(past: readonly Entry[], entry: EntryOf<'columns.expired'>): boolean {
  const { field, before, policy } = entry.data;
  const longest = longestByOracle(past, field, entry.at);
  const gone = before <= 0 || goneByOracle(past, field, before - 1);
  return !gone && longest.days !== null && longest.position === policy && before <= entry.at - longest.days * day;
}

interface Kept {
  readonly days: number | null;
  readonly position: number | undefined;
}

/** The longest retention among those that stood after each entry, from the one that stood a day ago to the latest. */
export function longestByOracle(past: readonly Entry[], field: FieldName, at: number): Kept {
  const stood: Kept[] = [];
  for (let length = 0; length <= past.length; length += 1) {
    const stoodUntil = past[length]?.at ?? Infinity;
    if (stoodUntil > at - day) stood.push(lastSet(past.slice(0, length), field));
  }
  const days = stood.some((one) => one.days === null) ? null : Math.max(...stood.map((one) => one.days ?? 0));
  return stood.findLast((one) => one.days === days) as Kept;
}

function lastSet(past: readonly Entry[], field: FieldName): Kept {
  for (const entry of past.toReversed()) {
    const set = setBy(entry);
    if (set === undefined || !isWhole(set)) continue;
    const keep = set.find((one) => one.field === field);
    if (keep !== undefined) return { days: keep.days, position: entry.position };
  }
  return { days: null, position: undefined };
}

/** What a signature that completes its quorum enforces, in these tests: the act's body in place of the envelope. */
export const setBy = (entry: Entry): Keep | undefined =>
  entry.type === 'act.signed' ? (JSON.parse(entry.data.envelope) as RetentionBody).keep : undefined;

const isExpiry = (entry: Entry, field: FieldName): entry is EntryOf<'columns.expired'> =>
  entry.type === 'columns.expired' && entry.data.field === field;

/** One wrong line of a setting, or none at all, and nothing of it holds. */
const isWhole = (keep: Keep) =>
  keep.length > 0 && keep.every(({ days }) => days === null || (Number.isInteger(days) && days >= 1 && days <= 36_500));
