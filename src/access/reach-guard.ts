import type { FieldName } from '../log/fields.js';
import type { Position } from '../log/ids.js';
import type { AccessRequest, AccessState } from './access-state.js';
import { grantOn, grantsOf } from './grant.js';
import { ceiling, needed } from './policy.js';
import { effectOfGrant, type ReachEffect } from './reach-effect.js';

/** It is in no log yet. */
const nowhere = -1 as Position;

type Asked = Pick<AccessRequest, 'id' | 'requester' | 'scope'>;
/** With what was verified of its preview. */
type Previewed = Asked & Pick<AccessRequest, 'preview'>;

/** Who would gain what if this request were granted at that moment. */
export function effectOfRequest(state: AccessState, asked: Asked, at: number): ReachEffect {
  const signers = needed(state.policy, asked.scope.fields);
  return effectOfGrant(state, grantOn(asked, { position: nowhere, at, signers }));
}

/** Whether that would bring a count above a reach ceiling. Asked for every request and every grant, and mostly plain to see. */
export const exceedsReach = (state: AccessState, asked: Previewed, at: number): boolean =>
  !isPlainlyWithin(state, asked) && effectOfRequest(state, asked, at).exceeded.length > 0;

/**
 * Whether every count stays within its ceiling even if all grants that are filed still open all of their scopes. Only
 * the fields asked for are gained; no more people reach a subject than there are grants about them, and nobody reaches
 * more subjects than the scopes of their grants have together.
 */
export function isPlainlyWithin(state: AccessState, { requester, scope, preview }: Previewed): boolean {
  const subjects = grantsOf(state, requester).reduce((sum, { terms }) => sum + terms.subjects, preview.subjects);
  const persons = ceiling(state.policy, scope.fields, 'mostPersonsAtOnce');
  // The look-ups are most of what this costs, and mostly there is no subject with so many.
  const areFew = () =>
    state.mostAbout < persons ||
    scope.sessions.every(({ subject }) => (state.about.get(subject)?.length ?? 0) < persons);
  return subjects <= ceiling(state.policy, scope.fields, 'mostSubjectsAtOnce') && areFew();
}

/** Distinct people who must sign: what the fields take, and more where that would go above a reach ceiling as things are. */
export const signersNeeded = (state: AccessState, asked: Previewed, at: number): number =>
  exceedsReach(state, asked, at) ? largerQuorum(state, asked.scope.fields) : needed(state.policy, asked.scope.fields);

/** Who may take a grant above a reach ceiling: always more than the fields take by themselves. */
export const largerQuorum = ({ policy, authority }: AccessState, fields: readonly FieldName[]): number =>
  Math.max(needed(policy, fields) + 1, authority.trust.quorum.large);
