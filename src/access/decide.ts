import type { FieldName } from '../log/fields.js';
import { ownCopy, personOfSubject } from '../log/ids.js';
import type { GrantId, PersonId, Position, SessionId, SubjectId } from '../log/ids.js';
import type { AccessState, Grant } from './access-state.js';
import { allowsAlone } from './break-glass.js';
import { isLocked } from './lock.js';
import { isNonEmpty, type NonEmpty } from './non-empty.js';
import { allows } from './policy.js';
import { anyTime } from './scope.js';

/** One release of plaintext that somebody asks for. */
export interface Disclosure {
  /** Or `ownCopy`: a subject who reads their own records needs none. */
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
  | {
      readonly verdict: 'allow';
      readonly subject: SubjectId;
      /** Records outside of this closed range of time are not released. */
      readonly from: number;
      readonly to: number;
    }
  | { readonly verdict: 'deny'; readonly rules: NonEmpty<DisclosureRule>; readonly erasedAt?: Position };

/**
 * Decides one disclosure against the state folded up to it. Pure and total. Serving, the keyholder, replay
 * and reach all call this, so they cannot disagree (access A1).
 * A denial names every rule that failed: the order of the table is no part of the answer. Only a grant that
 * does not exist and a grant of somebody else look the same, whatever else is wrong.
 */
export function decide(state: AccessState, asked: Disclosure): Decision {
  if (asked.grant === ownCopy) return decideOwn(state, asked);
  const grant = state.grants.get(asked.grant);
  if (grant === undefined || grant.person !== asked.person) return { verdict: 'deny', rules: ['grant_unknown'] };
  const broken = ruleNames.filter((name) => !rules[name](grant, asked, state));
  const subject = grant.subjects.get(asked.session);
  const { from, to } = grant.scope;
  return decided(state, broken, subject, { from, to });
}

/**
 * Of a subject, to the subject: nobody else has to say yes, and there is no budget. What stops a release stops it too. A
 * session of somebody else and one that does not exist get one answer.
 */
function decideOwn(state: AccessState, asked: Disclosure): Decision {
  const { subject } = asked;
  if (subject === undefined || personOfSubject(subject) !== asked.person) {
    return { verdict: 'deny', rules: ['session_not_own'] };
  }
  const broken = ownRuleNames.filter((name) => !ownRules[name](asked, state));
  return decided(state, broken, subject, anyTime);
}

function decided(
  { erased }: AccessState,
  broken: readonly Rule[],
  subject: SubjectId | undefined,
  range: { from: number; to: number },
): Decision {
  if (!isNonEmpty(broken)) return { verdict: 'allow', subject: subject as SubjectId, ...range };
  const erasedAt = subject === undefined ? undefined : erased.get(subject);
  return { verdict: 'deny', rules: broken, ...(erasedAt === undefined ? {} : { erasedAt }) };
}

/** `'9' <= 9` holds too, and so does 8.5: whatever no budget is charged with must not pass for a number of records. */
const isCount = (records: number): boolean => Number.isSafeInteger(records) && records >= 0;

/**
 * What must hold, filed under the name that a denial carries when it does not. Each says what holds, never
 * what fails, so that a number that is none (NaN) is denied. They stand by what they are about, and see nothing else
 * of what is asked: so what a grant opens is every field that opens of every session that does (reach.ts).
 */
const ofGrant = {
  grant_revoked: (grant) => grant.revoked === undefined,
  grant_expired: (grant, { at }) => at < grant.expiresAt,
  records_spent: (grant, { records }) => isCount(records) && records <= grant.recordsLeft,
  disclosures_spent: (grant) => grant.disclosuresLeft >= 1,
  // The policy in force now and not the one that was: signed for under it, no more is opened than it allows today.
  policy_forbids: ({ terms, signers, isBreakGlass }, _asked, { policy }) =>
    isBreakGlass ? allowsAlone(policy, terms) : allows(policy, terms, signers),
} satisfies Rules<'records' | 'at'>;

const ofSession = {
  session_not_granted: (grant, { session, subject }) => {
    const granted = grant.subjects.get(session);
    return granted !== undefined && (subject ?? granted) === granted;
  },
  subject_erased: (grant, { session }, { erased }) => {
    const subject = grant.subjects.get(session);
    return subject === undefined || !erased.has(subject);
  },
} satisfies Rules<'session' | 'subject'>;

const ofFields = {
  field_not_granted: (grant, { fields }) => isNonEmpty(fields) && fields.every((field) => grant.fields.has(field)),
} satisfies Rules<'fields'>;

/** A lock has one target, so this one too is about one part at a time: what is left out of a question is not locked. */
const locked = {
  locked: (_grant, asked, state) => !isLocked(state, asked),
} satisfies Rules<keyof Disclosure>;

type Rules<Of extends keyof Disclosure> = Record<
  string,
  (grant: Grant, asked: Pick<Disclosure, Of>, state: AccessState) => boolean
>;
const rules = { ...locked, ...ofGrant, ...ofSession, ...ofFields };

export type Rule = keyof typeof rules;
export type DisclosureRule = Rule | 'grant_unknown' | 'session_not_own';
const namesOf = (of: Partial<typeof rules>) => Object.keys(of) as Rule[];
const ruleNames = namesOf(rules);
const about = {
  grant: Object.values({ ...locked, ...ofGrant }),
  session: Object.values({ ...locked, ...ofSession }),
  fields: Object.values({ ...locked, ...ofFields }),
} as const satisfies Record<string, readonly (typeof rules)[Rule][]>;

/** Whether nothing about this part of a question stands against it, whatever the other parts are. */
export const opensPart = (state: AccessState, grant: Grant, asked: Disclosure, part: keyof typeof about): boolean =>
  about[part].every((holds) => holds(grant, asked, state));

/** Those that are not about a grant. */
const ownRules = {
  locked: (asked, state) => !isLocked(state, asked),
  field_not_granted: ({ fields }) => isNonEmpty(fields),
  records_spent: ({ records }) => isCount(records),
  subject_erased: ({ subject }, state) => subject !== undefined && !state.erased.has(subject),
} satisfies Partial<Record<Rule, (asked: Disclosure, state: AccessState) => boolean>>;
const ownRuleNames = Object.keys(ownRules) as (keyof typeof ownRules)[];
