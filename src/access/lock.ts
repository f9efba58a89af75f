import { z } from 'zod';
import type { ActKind } from '../identity/act.js';
import { enforcedBy } from '../identity/authority.js';
import type { Outcome } from '../log/draft.js';
import type { LockTarget as Target } from '../log/entries.js';
import { FieldName } from '../log/fields.js';
import type { EntryOf } from '../log/header.js';
import { GrantId, LockId, PersonId, SubjectId, type SessionId } from '../log/ids.js';
import type { AccessState } from './access-state.js';
import { isNonEmpty } from './non-empty.js';

export const LockTarget = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('field'), field: FieldName }),
  z.strictObject({ kind: z.literal('subject'), subject: SubjectId }),
  z.strictObject({ kind: z.literal('person'), person: PersonId }),
  z.strictObject({ kind: z.literal('grant'), grant: GrantId }),
]);

/** Any one officer locks, at once; a quorum lifts. */
export const lockAct: ActKind = {
  kind: 'lock.lift',
  body: z.strictObject({ lock: LockId }),
  signers: ({ quorum }) => quorum.ordinary,
};

interface Asked {
  readonly grant: GrantId;
  readonly person: PersonId;
  readonly session: SessionId;
  readonly subject?: SubjectId | undefined;
  readonly fields: readonly FieldName[];
}

/** Whether any lock in force covers any part of what is asked. */
export const isLocked = (state: AccessState, asked: Asked): boolean =>
  // Asked for every session of every grant, and mostly of no lock: to go through none takes Immutable a microsecond.
  state.locks.size > 0 && state.locks.some(({ target }) => covers(target, asked, state));

function covers(target: Target, { grant, person, session, subject, fields }: Asked, state: AccessState): boolean {
  switch (target.kind) {
    case 'all':
      return true;
    case 'field':
      return isNonEmpty(fields) && fields.includes(target.field);
    case 'subject':
      return [subject, state.grants.get(grant)?.subjects.get(session)].includes(target.subject);
    case 'person':
      return person === target.person;
    case 'grant':
      return grant === target.grant;
    default:
      // A target that this version does not know, in a log that a later one wrote: stop rather than guess.
      return (target satisfies never) === target;
  }
}

export type LockAnswer = { readonly kind: 'set'; readonly lock: LockId };

/** There is nothing to decide: whoever may ask, locks. */
export const setLock = (data: EntryOf<'lock.set'>['data']): Outcome<LockAnswer> => ({
  entries: [{ type: 'lock.set', stream: `lock/${data.lock}`, data }],
  answer: { kind: 'set', lock: data.lock },
});

const Set = z.object({ lock: LockId, target: LockTarget.catch({ kind: 'all' }), reason: z.string().catch('') });

/**
 * Believed, as all that narrows: a target that cannot be read locks everything, and a second entry of one id locks as
 * much as the first.
 */
export function lockSet(state: AccessState, { data, position, actor }: EntryOf<'lock.set'>): AccessState {
  const parsed = Set.safeParse(data);
  if (!parsed.success) return state;
  const { lock, target, reason } = parsed.data;
  return { ...state, locks: state.locks.set(position, { lock, target, reason, position, by: actor }) };
}

export function lockLifted(state: AccessState, { position }: EntryOf<'act.signed'>): AccessState {
  const act = enforcedBy(state.authority, position, lockAct.kind);
  if (act === undefined) return state;
  const { lock } = act.body as { lock: LockId };
  const locks = state.locks.filter((one) => one.lock !== lock);
  return locks.size < state.locks.size ? { ...state, locks } : state;
}
