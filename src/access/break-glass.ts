import { z } from 'zod';
import type { ActKind, Objection } from '../identity/act.js';
import { enforcedBy, type ActState } from '../identity/authority.js';
import type { Draft } from '../log/draft.js';
import { freeText } from '../log/free-text.js';
import type { EntryOf } from '../log/header.js';
import { GrantId, type ActId, type PersonId, type RequestId } from '../log/ids.js';
import { accessKey, requestStream, type AccessState, type BrokenGlass } from './access-state.js';
import { grantOn, withGrant } from './grant.js';
import { isNonEmpty } from './non-empty.js';
import { termsOf, type Policy, type Terms } from './policy.js';
import { FrozenScope } from './scope.js';

/** The purpose of the scope is the reason: it is signed, and the subjects read it. */
const BreakGlass = z.strictObject({ scope: FrozenScope });
type BreakGlass = z.infer<typeof BreakGlass>;

const Review = z.strictObject({ grant: GrantId, finding: freeText({ least: 10, most: 500 }) });
type Review = z.infer<typeof Review>;

/** What must not be above what one person may open alone, filed under the name that a refusal carries when it is. */
const limits = {
  field_not_for_break_glass: ({ fields }, { fields: open }) => fields.every((field) => open.includes(field)),
  duration_above_ceiling: ({ durationSeconds }, { longestSeconds }) => durationSeconds <= longestSeconds,
  records_above_ceiling: ({ records }, { mostRecords }) => records <= mostRecords,
  disclosures_above_ceiling: ({ disclosures }, { mostDisclosures }) => disclosures <= mostDisclosures,
  subjects_above_ceiling: ({ subjects }, { mostSubjects }) => subjects <= mostSubjects,
} satisfies Record<string, (terms: Terms, most: Policy['breakGlass']) => boolean>;
export type BreakGlassRule = keyof typeof limits | 'break_glass_unreviewed' | 'grant_id_used';
const limitNames = Object.keys(limits) as (keyof typeof limits)[];

const aboveLimits = ({ breakGlass }: Policy, terms: Terms) =>
  limitNames.filter((name) => !limits[name](terms, breakGlass));

/** Whether the policy in force still lets one person open this alone. */
export const allowsAlone = (policy: Policy, terms: Terms): boolean => aboveLimits(policy, terms).length === 0;

export const unreviewed = ({ glasses }: AccessState): BrokenGlass[] =>
  [...glasses.values()].filter(({ reviewed }) => reviewed === undefined).sort((a, b) => a.position - b.position);

/** In force with the first signature: the one act that gives something to a person alone. */
export const breakGlassAct: ActKind = {
  kind: 'break-glass',
  body: BreakGlass,
  signers: () => 1,
  objection: (body, head, officer, act) => mayNotBreak(head.of(accessKey), body as BreakGlass, { officer, act }),
  announced: (act, body, officer) => announced(act, body as BreakGlass, officer),
};

export const reviewAct: ActKind = {
  kind: 'break-glass.review',
  body: Review,
  signers: ({ quorum }) => quorum.ordinary,
  objection: (body, head, signer) => mayNotReview(head.of(accessKey), body as Review, [signer]),
};

function mayNotBreak(
  state: AccessState,
  { scope }: BreakGlass,
  { officer, act }: { officer: PersonId; act: ActId },
): Objection | undefined {
  const rules: BreakGlassRule[] = aboveLimits(state.policy, termsOf(scope));
  // An id that is taken would give one grant what another was signed for.
  if (state.grants.has(grantIn(act)) || state.requests.has(requestIn(act))) rules.push('grant_id_used');
  if (unreviewed(state).some((one) => one.officer === officer)) rules.push('break_glass_unreviewed');
  return isNonEmpty(rules) ? { code: 'break_glass_refused', rules } : undefined;
}

function mayNotReview(
  { glasses }: AccessState,
  { grant }: Review,
  signers: readonly PersonId[],
): Objection | undefined {
  const glass = glasses.get(grant);
  if (glass === undefined || glass.reviewed) return { code: 'break_glass_refused', rules: ['nothing_to_review'] };
  // Nobody says of themselves that it was right.
  return signers.includes(glass.officer) ? { code: 'break_glass_refused', rules: ['reviewer_broke_glass'] } : undefined;
}

/** An entry for each subject concerned, in their ledger, and for whoever follows the log. */
function announced(act: ActId, { scope }: BreakGlass, officer: PersonId): Draft[] {
  const { fields, sessions, purpose: reason, durationSeconds, budget } = scope;
  const grant = grantIn(act);
  return [...new Set(sessions.map(({ subject }) => subject))].map((subject) => ({
    type: 'glass.broken',
    stream: requestStream(grant),
    subject,
    data: { grant, officer, fields, reason, durationSeconds, records: budget.records },
  }));
}

/** Asked again as if nobody had: an act that did not ask comes to nothing. */
export function glassBroken(state: AccessState, { position, at }: EntryOf<'act.signed'>): AccessState {
  const act = enforcedBy(state.authority, position, breakGlassAct.kind);
  const body = BreakGlass.safeParse(act?.body);
  if (act === undefined || !body.success) return state;
  const [officer] = signersOf(act);
  const grant = grantIn(act.id);
  if (officer === undefined || mayNotBreak(state, body.data, { officer, act: act.id }) !== undefined) return state;
  const asked = { id: requestIn(act.id), requester: officer, scope: body.data.scope };
  const next = withGrant(state, { ...grantOn(asked, { position, at, signers: 1 }), isBreakGlass: true });
  return { ...next, glasses: next.glasses.set(grant, { grant, officer, position }) };
}

/** Reviewed, it is over too: what is left of the grant opens nothing. */
export function glassReviewed(state: AccessState, { position, at, actor }: EntryOf<'act.signed'>): AccessState {
  const act = enforcedBy(state.authority, position, reviewAct.kind);
  const body = Review.safeParse(act?.body);
  if (act === undefined || !body.success) return state;
  const by = signersOf(act);
  const { grant: id, finding } = body.data;
  const [glass, grant] = [state.glasses.get(id), state.grants.get(id)];
  if (glass === undefined || grant === undefined || mayNotReview(state, body.data, by) !== undefined) return state;
  const revoked = grant.revoked ?? { position, by: actor };
  return {
    ...state,
    grants: state.grants.set(id, { ...grant, revoked }),
    glasses: state.glasses.set(id, { ...glass, reviewed: { position, at, by, finding } }),
  };
}

/** There is no request: the act is what was asked, and its id that of the grant. */
const grantIn = (act: ActId) => act as string as GrantId;
const requestIn = (act: ActId) => act as string as RequestId;

const signersOf = ({ signatures }: ActState): PersonId[] => [...signatures.keys()];
