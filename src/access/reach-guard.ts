import type { FieldName } from '../log/fields.js';
import type { Position } from '../log/ids.js';
import type { AccessRequest, AccessState } from './access-state.js';
import { grantOn } from './grant.js';
import { needed } from './policy.js';
import { effectOfGrant, type ReachEffect } from './reach-effect.js';

/** It is in no log yet. */
const nowhere = -1 as Position;

type Asked = Pick<AccessRequest, 'id' | 'requester' | 'scope'>;

/** Who would gain what if this request were granted at that moment. */
export function effectOfRequest(state: AccessState, asked: Asked, at: number): ReachEffect {
  const signers = needed(state.policy, asked.scope.fields);
  return effectOfGrant(state, grantOn(asked, { position: nowhere, at, signers }));
}

/** Distinct people who must sign: what the fields take, and more where that would go above a reach ceiling as things are. */
export const signersNeeded = (state: AccessState, asked: Asked, at: number): number =>
  effectOfRequest(state, asked, at).exceeded.length === 0
    ? needed(state.policy, asked.scope.fields)
    : largerQuorum(state, asked.scope.fields);

/** Who may take a grant above a reach ceiling: always more than the fields take by themselves. */
export const largerQuorum = ({ policy, authority }: AccessState, fields: readonly FieldName[]): number =>
  Math.max(needed(policy, fields) + 1, authority.trust.quorum.large);
