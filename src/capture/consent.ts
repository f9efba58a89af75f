import { Map } from 'immutable';
import type { Consent, SuppressionReason } from '../log/entries.js';
import type { Slice, SliceKey } from '../log/governance.js';
import type { SubjectId } from '../log/ids.js';
import { subjectsKey } from '../keys/subjects.js';
import type { Head } from '../log/draft.js';

export type Consents = Map<SubjectId, Consent>;

export const consentKey: SliceKey<Consents> = { slice: 'consent' };

export const consentSlice: Slice<Consents> = {
  key: consentKey,
  empty: Map(),
  evolve: (state, entry) =>
    entry.type === 'consent.changed' && entry.subject !== undefined
      ? state.set(entry.subject, entry.data.consent)
      : state,
};

/** Why records of this subject are not stored, or undefined if they are. Nothing said yet counts as given. */
export function suppression(state: Pick<Head, 'of'>, subject: SubjectId): SuppressionReason | undefined {
  if (state.of(subjectsKey).get(subject)?.kind === 'erased') return 'erased';
  const consent = state.of(consentKey).get(subject) ?? 'given';
  return consent === 'given' ? undefined : consent;
}
