import { z } from 'zod';
import type { ActKind, Objection } from '../identity/act.js';
import { enforcedBy } from '../identity/authority.js';
import { freeText } from '../log/free-text.js';
import type { EntryOf } from '../log/header.js';
import type { AccessState } from './access-state.js';
import { accessKey } from './access-state.js';
import { toHex } from './hex.js';
import { isNonEmpty } from './non-empty.js';
import { belowFloors, type Floor } from './policy-floors.js';
import { effectOfPolicy } from './reach-effect.js';
import { PolicyDocument, policyHash, type Policy } from './policy.js';

/** The whole new document, and the one that it replaces: of two changes that were signed meanwhile, one is in force. */
export const PolicyChange = z.strictObject({
  policy: PolicyDocument,
  /** Hex. */
  replaces: z.string().regex(/^[0-9a-f]{64}$/),
  /** Said and signed: it may bring reach above the ceilings, and takes the larger quorum. */
  beyondCeilings: z.boolean(),
  reason: freeText({ least: 10, most: 500 }),
});
export type PolicyChange = z.infer<typeof PolicyChange>;

export type PolicyRule = Floor | 'policy_superseded' | 'version_not_next';

export const policyAct: ActKind = {
  kind: 'policy.change',
  body: PolicyChange,
  signers: ({ quorum }, body) => ((body as PolicyChange).beyondCeilings ? quorum.large : quorum.ordinary),
  objection: (body, { of, at }) => objection(of(accessKey), body as PolicyChange, at),
};

/** Asked before officers sign, and again by the fold: an act that did not ask comes to nothing. */
function objection(state: AccessState, change: PolicyChange, at: number): Objection | undefined {
  const { policy, replaces, beyondCeilings } = change;
  const rules: PolicyRule[] = belowFloors(policy);
  if (replaces !== state.policyHash) rules.push('policy_superseded');
  else if (policy.version !== state.policy.version + 1) rules.push('version_not_next');
  if (isNonEmpty(rules)) return { code: 'policy_refused', rules };
  const exceeded = beyondCeilings ? [] : effectOfPolicy(state, policy, at).exceeded;
  return exceeded.length > 0 ? { code: 'reach_exceeded', rules: ['reach_exceeded'], exceeded } : undefined;
}

export function policyChanged(state: AccessState, { position, at }: EntryOf<'act.signed'>): AccessState {
  const act = enforcedBy(state.authority, position, policyAct.kind);
  const change = PolicyChange.safeParse(act?.body);
  if (!change.success || objection(state, change.data, at) !== undefined) return state;
  return { ...withPolicy(state, change.data.policy), policySince: position };
}

export const withPolicy = (state: AccessState, policy: Policy): AccessState => ({
  ...state,
  policy,
  policyHash: toHex(policyHash(policy)),
});
