import { Map } from 'immutable';
import { subjectsKey } from '../keys/subjects.js';
import type { Head } from '../log/draft.js';
import type { Consent, SuppressionReason } from '../log/entries.js';
import type { Slice, SliceKey } from '../log/governance.js';
import type { EntryOf } from '../log/header.js';
import type { SubjectId } from '../log/ids.js';
import { programmeKey } from './programme.js';

export interface ConsentState {
  readonly standing: Consent;
  /** Epoch milliseconds: a pause laid over what stands, until then. */
  readonly pausedUntil?: number;
}
export type Consents = Map<SubjectId, ConsentState>;

export const consentKey: SliceKey<Consents> = { slice: 'consent' };

/** Nothing said yet counts as given. */
const unsaid: ConsentState = { standing: 'given' };

export const consentSlice: Slice<Consents> = {
  key: consentKey,
  empty: Map(),
  evolve: (state, entry) =>
    entry.type === 'consent.changed' && entry.subject !== undefined
      ? state.set(entry.subject, changed(state.get(entry.subject) ?? unsaid, entry.data))
      : state,
};

/** A pause for a while is no consent: who has refused is refused again after it. */
const changed = ({ standing }: ConsentState, { consent, until }: EntryOf<'consent.changed'>['data']): ConsentState =>
  consent === 'paused' && typeof until === 'number' ? { standing, pausedUntil: until } : { standing: consent };

export function consentAt(consents: Consents, subject: SubjectId, at: number): Consent {
  const { standing, pausedUntil = 0 } = consents.get(subject) ?? unsaid;
  return standing === 'given' && at < pausedUntil ? 'paused' : standing;
}

/** Why records of this subject are not stored at that time, or undefined if they are. */
export function suppression(state: Pick<Head, 'of'>, subject: SubjectId, at: number): SuppressionReason | undefined {
  if (state.of(subjectsKey).get(subject)?.kind === 'erased') return 'erased';
  const consent = consentAt(state.of(consentKey), subject, at);
  if (consent !== 'given') return consent;
  return state.of(programmeKey).status === 'paused' ? 'programme' : undefined;
}
