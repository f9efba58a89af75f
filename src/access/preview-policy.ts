import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { PersonId, RequestId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { accessKey, statusOf, type AccessState } from './access-state.js';
import { toHex } from './hex.js';
import { belowFloors } from './policy-floors.js';
import { policyHash, type Policy } from './policy.js';
import { effectOfPolicy, type ReachEffect } from './reach-effect.js';

export interface PolicyPreview extends ReachEffect {
  /** Hex; of the policy in force, which this one would replace. */
  readonly replaces: string;
  /** Hex. */
  readonly policyHash: string;
  /** The version that this one must have. */
  readonly version: number;
  readonly changes: readonly PolicyDifference[];
  /** Open requests, which have to be asked again. */
  readonly lapses: readonly { readonly request: RequestId; readonly requester: PersonId }[];
  /** Officers who must sign; more of them where it would bring reach above a ceiling. */
  readonly needed: number;
}

export interface PolicyDifference {
  /** Such as `classes.strict.quorum` or `fields.url`. */
  readonly path: string;
  /** Null: not there. */
  readonly before: string | number | null;
  readonly after: string | number | null;
}

export class PreviewPolicy extends Query<PolicyPreview> {
  constructor(readonly policy: Policy) {
    super();
  }
}

@QueryHandler(PreviewPolicy)
export class PreviewPolicyHandler implements IQueryHandler<PreviewPolicy> {
  constructor(private readonly log: Log) {}

  async execute({ policy }: PreviewPolicy): Promise<PolicyPreview> {
    const rules = belowFloors(policy);
    if (rules.length > 0) throw new Problem('policy_refused', { rules });
    return previewPolicy((await this.log.refreshed()).of(accessKey), policy, Date.now());
  }
}

export function previewPolicy(state: AccessState, policy: Policy, at: number): PolicyPreview {
  const effect = effectOfPolicy(state, policy, at);
  const { ordinary, large } = state.authority.trust.quorum;
  return {
    replaces: state.policyHash,
    policyHash: toHex(policyHash(policy)),
    version: state.policy.version + 1,
    changes: differences(state.policy, policy),
    ...effect,
    lapses: [...state.requests.values()]
      .filter((request) => statusOf(state, request, at) === 'open')
      .map(({ id, requester }) => ({ request: id, requester })),
    needed: effect.exceeded.length > 0 ? large : ordinary,
  };
}

/** Member by member, in the order of the document. */
export function differences(before: Policy, after: Policy): PolicyDifference[] {
  const [then, now] = [new Map(leaves(before)), new Map(leaves(after))];
  return [...new Set([...then.keys(), ...now.keys()])]
    .map((path) => ({ path, before: then.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((one) => one.before !== one.after);
}

function leaves(value: unknown, path = ''): [path: string, value: string | number][] {
  if (typeof value === 'number' || typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return [[path, value.join(', ')]];
  return Object.entries(value as object).flatMap(([name, one]) => leaves(one, path === '' ? name : `${path}.${name}`));
}
