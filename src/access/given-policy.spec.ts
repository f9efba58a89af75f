import { randomBytes, randomUUID } from 'node:crypto';
import { actHash, actOpenSeconds, signAct, type Act } from '../identity/act.js';
import { envelopeText } from '../identity/signed-statement.js';
import type { ActId } from '../log/ids.js';
import { builtInPolicy } from './built-in-policy.js';
import { entry, keyOf, origin, person, type Step } from './given.spec.js';
import { toHex } from './hex.js';
import type { PolicyChange } from './policy-change.js';
import { policyHash, type Policy } from './policy.js';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object ? Mutable<T[K]> : T[K] };
export type Change = (policy: Mutable<Policy>) => unknown;

export function changed(policy: Policy, change: Change): Policy {
  const other = structuredClone(policy);
  change(other);
  return other;
}
export const policyWith = (change: Change): Policy => changed(builtInPolicy, change);

type Officer = 'officer1' | 'officer2' | 'officer3';
interface Signing {
  by?: readonly Officer[];
  /** What the body says instead of the truth. */
  forged?: Partial<PolicyChange>;
}

/** Officers propose and sign the policy in force with this change. Whether it comes into force is for `evolve` to say. */
export const policyChanged =
  (change: Change, { by = ['officer1', 'officer2'], forged = {} }: Signing = {}): Step =>
  (told) => {
    const policy = changed(told.policy, (next) => {
      next.version += 1;
      change(next);
    });
    const replaces = toHex(policyHash(told.policy));
    const act = {
      kind: 'policy.change',
      body: { policy, replaces, beyondCeilings: false, reason: 'as it was agreed', ...forged },
    };
    return { ...actSigned(act, by)(told), policy };
  };

/** Asked and signed under a policy that is not in force. */
export const under =
  (policy: Policy): Step =>
  (told) => ({ ...told, policy });

export function actSigned(act: Act, by: readonly Officer[]): Step {
  const id = randomUUID() as ActId;
  const hash = actHash(act);
  return (told) => {
    const expiresAt = told.at + actOpenSeconds * 1000;
    const data = { act: id, ...act, actHash: hash, expiresAt };
    const proposed = entry('act.proposed', data, { actor: person('officer1') })(told);
    return by.reduce((so, signer) => {
      const statement = {
        act: id,
        actHash: toHex(hash),
        checkpoint: { root: '00'.repeat(32), size: so.entries.length },
        expiresAt: so.at + 1000,
        nonce: randomBytes(16).toString('hex'),
        origin,
        signer: person(signer),
        type: 'custos.act.v1' as const,
      };
      return entry('act.signed', { act: id, envelope: envelopeText(signAct(statement, keyOf(signer))) })(so);
    }, proposed);
  };
}
