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
import { PolicyDocument, policyHash, type Policy } from './policy.js';

/** The whole new document, and the one that it replaces: of two changes that were signed meanwhile, one is in force. */
export const PolicyChange = z.strictObject({
  policy: PolicyDocument,
  /** Hex. */
  replaces: z.string().regex(/^[0-9a-f]{64}$/),
  reason: freeText({ least: 10, most: 500 }),
});
export type PolicyChange = z.infer<typeof PolicyChange>;

export type PolicyRule = Floor | 'policy_superseded' | 'version_not_next';

export const policyAct: ActKind = {
  kind: 'policy.change',
  body: PolicyChange,
  signers: ({ quorum }) => quorum.ordinary,
  objection: (body, { of }) => objection(of(accessKey), body as PolicyChange),
};

/** Asked before officers sign, and again by the fold: an act that did not ask comes to nothing. */
function objection(state: AccessState, { policy, replaces }: PolicyChange): Objection | undefined {
  const rules: PolicyRule[] = belowFloors(policy);
  if (replaces !== state.policyHash) rules.push('policy_superseded');
  else if (policy.version !== state.policy.version + 1) rules.push('version_not_next');
  return isNonEmpty(rules) ? { code: 'policy_refused', rules } : undefined;
}

export function policyChanged(state: AccessState, { position }: EntryOf<'act.signed'>): AccessState {
  const act = enforcedBy(state.authority, position, policyAct.kind);
  const change = PolicyChange.safeParse(act?.body);
  if (!change.success || objection(state, change.data) !== undefined) return state;
  return { ...withPolicy(state, change.data.policy), policySince: position };
}

export const withPolicy = (state: AccessState, policy: Policy): AccessState => ({
  ...state,
  policy,
  policyHash: toHex(policyHash(policy)),
});
