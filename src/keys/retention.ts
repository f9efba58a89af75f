import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { ActKind } from '../identity/act.js';
import { authorityKey, enforcedBy } from '../identity/authority.js';
import type { EntryData } from '../log/entries.js';
import { FieldName, fieldNames } from '../log/fields.js';
import { freeText } from '../log/free-text.js';
import type { Of, Slice, SliceKey } from '../log/governance.js';
import type { Entry, EntryOf } from '../log/header.js';
import { Position } from '../log/ids.js';

export const dayMs = 24 * 3_600_000;
const mostDays = 36_500;

/**
 * How long a field's columns are kept, and which are gone. Age counts from the commit of a column's entry, by the
 * database's clock: what a source says of its records' times could make them immortal, or delete them on arrival.
 */
export interface Retention {
  /** What was set for a field, oldest first, as far back as it still counts. */
  readonly settings: PersistentMap<FieldName, readonly Setting[]>;
  readonly expired: PersistentMap<FieldName, Expiry>;
}

export interface Setting {
  /** Null: for good. */
  readonly days: number | null;
  readonly at: number;
  readonly position: Position;
}

/**
 * Columns of entries with a time below `before` are gone for every reader. `position` is the entry that says so, and
 * `at` its time.
 */
export interface Expiry {
  readonly before: number;
  readonly at: number;
  readonly position: Position;
}

export type Due = EntryData['columns.expired'];

/**
 * Deletion cannot be taken back, so a shorter retention takes hold a day after it was set: a slip, or an officer
 * who means harm, can be put right until then. A longer one holds at once.
 */
export const noticeMs = dayMs;

/** Every field by its name: no class and no wildcard, so that a field that comes later is not meant by accident. */
const RetentionBody = z.strictObject({
  keep: z
    .array(z.strictObject({ field: FieldName, days: z.int().min(1).max(mostDays).nullable() }))
    .min(1)
    .max(fieldNames.length)
    .refine((keep) => new Set(keep.map(({ field }) => field)).size === keep.length, 'each field once'),
  reason: freeText({ least: 10, most: 500 }),
});
export type RetentionBody = z.infer<typeof RetentionBody>;

/** What may come to delete takes a quorum of officers. Keeping for good takes one: a court's order does not wait. */
export const retentionAct: ActKind = {
  kind: 'retention.set',
  body: RetentionBody,
  signers: ({ quorum }, body) =>
    (body as RetentionBody).keep.every(({ days }) => days === null) ? 1 : quorum.ordinary,
};

export const retentionKey: SliceKey<Retention> = { slice: 'retention' };

export const retentionSlice = {
  key: retentionKey,
  empty: { settings: PersistentMap(), expired: PersistentMap() } as Retention,
  evolve,
} satisfies Slice<Retention>;

/** The longest of all settings that were the latest one at some moment of the notice. Undefined: for good. */
export function inForce(
  state: Retention,
  field: FieldName,
  at: number,
): (Setting & { readonly days: number }) | undefined {
  const counting = stillCounting(state.settings.get(field) ?? [], at);
  // Before anything was set, everything was kept.
  if (counting[0] === undefined || counting[0].at > at - noticeMs) return undefined;
  const longest = counting.reduce((a, b) => ((b.days ?? Infinity) >= (a.days ?? Infinity) ? b : a));
  return longest.days === null ? undefined : { ...longest, days: longest.days };
}

/** What may be given up at a moment: for each field with a retention, all columns that are older than that. */
export function due(state: Retention, at: number): Due[] {
  return fieldNames.flatMap((field) => {
    const setting = inForce(state, field, at);
    if (setting === undefined) return [];
    const before = at - setting.days * dayMs;
    return before > expiredBefore(state, field) ? [{ field, before, policy: setting.position }] : [];
  });
}

/** The entry that gave this column up, if one did. `at` is the time of the column's own entry. */
export function expiryOf(state: Retention, field: FieldName, at: number): Expiry | undefined {
  const expiry = state.expired.get(field);
  return expiry !== undefined && at < expiry.before ? expiry : undefined;
}

/** Epoch milliseconds; 0 where nothing of the field is gone. */
export const expiredBefore = (state: Retention, field: FieldName) => state.expired.get(field)?.before ?? 0;

/** A setting counts until a later one has been there for the length of the notice. */
const stillCounting = (settings: readonly Setting[], at: number) =>
  settings.filter((_, index) => (settings[index + 1]?.at ?? Infinity) > at - noticeMs);

/** Pure and total, over rows of any shape. An entry against the rules leaves the very same state. */
function evolve(state: Retention, entry: Entry, of: Of): Retention {
  if (entry.type === 'columns.expired') return columnsExpired(state, entry);
  if (entry.type !== 'act.signed') return state;
  const act = enforcedBy(of(authorityKey), entry.position, retentionAct.kind);
  const set = RetentionBody.safeParse(act?.body);
  return set.success ? retentionSet(state, set.data, entry) : state;
}

function retentionSet(state: Retention, { keep }: RetentionBody, { at, position }: Entry): Retention {
  const settings = keep.reduce(
    (all, { field, days }) => all.set(field, [...stillCounting(all.get(field) ?? [], at), { days, at, position }]),
    state.settings,
  );
  return { ...state, settings };
}

const ColumnsExpired = z.strictObject({ field: FieldName, before: z.int(), policy: Position });

function columnsExpired(state: Retention, { data, at, position }: EntryOf<'columns.expired'>): Retention {
  const parsed = ColumnsExpired.safeParse(data);
  if (!parsed.success) return state;
  const { field, before, policy } = parsed.data;
  const setting = inForce(state, field, at);
  const holds =
    setting !== undefined &&
    setting.position === policy &&
    before <= at - setting.days * dayMs &&
    before > expiredBefore(state, field);
  return holds ? { ...state, expired: state.expired.set(field, { before, at, position }) } : state;
}
