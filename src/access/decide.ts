import type { FieldName } from '../log/fields.js';
import type { GrantId, PersonId, Position, SessionId, SubjectId } from '../log/ids.js';
import type { AccessState, Grant } from './access-state.js';
import { allowsAlone } from './break-glass.js';
import { isLocked } from './lock.js';
import { isNonEmpty, type NonEmpty } from './non-empty.js';
import { allows } from './policy.js';

/** One release of plaintext that somebody asks for. */
export interface Disclosure {
  readonly grant: GrantId;
  readonly person: PersonId;
  readonly session: SessionId;
  /** Whose session it is by the log, where that is at hand: a scope that names another subject is not about it. */
  readonly subject?: SubjectId | undefined;
  /** An empty list is denied: `every` over nothing is true. */
  readonly fields: readonly FieldName[];
  /** Upper bound, from the headers of the batches that overlap the grant's range. */
  readonly records: number;
  /** Time of the disclosure's entry, never the clock: replay must reach the same answer years later. */
  readonly at: number;
}

export type Decision =
  | { readonly verdict: 'allow'; readonly grant: Grant }
  | { readonly verdict: 'deny'; readonly rules: NonEmpty<DisclosureRule>; readonly erasedAt?: Position };

/**
 * Decides one disclosure against the state folded up to it. Pure and total. Serving, the keyholder, replay
 * and reach all call this, so they cannot disagree (access A1).
 * A denial names every rule that failed: the order of the table is no part of the answer. Only a grant that
 * does not exist and a grant of somebody else look the same, whatever else is wrong.
 */
export function decide(state: AccessState, asked: Disclosure): Decision {
  const grant = state.grants.get(asked.grant);
  if (grant === undefined || grant.person !== asked.person) return { verdict: 'deny', rules: ['grant_unknown'] };
  const broken = ruleNames.filter((name) => !rules[name](grant, asked, state));
  if (!isNonEmpty(broken)) return { verdict: 'allow', grant };
  const erasedAt = tombstone(grant, asked, state);
  return { verdict: 'deny', rules: broken, ...(erasedAt === undefined ? {} : { erasedAt }) };
}

/**
 * What must hold, filed under the name that a denial carries when it does not. Each says what holds, never
 * what fails, so that a number that is none (NaN) is denied.
 */
const rules = {
  locked: (_grant, asked, state) => !isLocked(state, asked),
  grant_revoked: (grant) => grant.revoked === undefined,
  grant_expired: (grant, { at }) => at < grant.expiresAt,
  session_not_granted: (grant, { session, subject }) => {
    const granted = grant.subjects.get(session);
    return granted !== undefined && (subject ?? granted) === granted;
  },
  field_not_granted: (grant, { fields }) => isNonEmpty(fields) && fields.every((field) => grant.fields.has(field)),
  records_spent: (grant, { records }) => records >= 0 && records <= grant.recordsLeft,
  disclosures_spent: (grant) => grant.disclosuresLeft >= 1,
  // The policy in force now and not the one that was: signed for under it, no more is opened than it allows today.
  policy_forbids: ({ terms, signers, isBreakGlass }, _asked, { policy }) =>
    isBreakGlass ? allowsAlone(policy, terms) : allows(policy, terms, signers),
  subject_erased: (grant, asked, state) => tombstone(grant, asked, state) === undefined,
} satisfies Record<string, (grant: Grant, asked: Disclosure, state: AccessState) => boolean>;

export type Rule = keyof typeof rules;
export type DisclosureRule = Rule | 'grant_unknown';
const ruleNames = Object.keys(rules) as Rule[];

function tombstone(grant: Grant, { session }: Disclosure, state: AccessState): Position | undefined {
  const subject = grant.subjects.get(session);
  return subject === undefined ? undefined : state.erased.get(subject);
}
