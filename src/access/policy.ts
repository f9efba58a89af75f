import type { Scope } from '../log/entries.js';
import { classOf, type FieldClass, type FieldName } from '../log/fields.js';
import { hashCanonical } from '../sealing/canonical.js';

/** What the release of one class takes and how far it goes at most. */
export interface Release {
  /** Distinct people who must sign. */
  readonly quorum: number;
  readonly longestSeconds: number;
  readonly mostRecords: number;
  readonly mostDisclosures: number;
}

/** One value, handed in everywhere, so that another one can take its place. */
export interface Policy {
  readonly version: number;
  readonly classes: Readonly<Record<FieldClass, Release>>;
  /** Unanswered for so long, a request is denied. */
  readonly requestOpenSeconds: number;
  /** A signature cannot be kept for later: it counts only if it is handed in before this has passed. */
  readonly approvalSeconds: number;
}

const hour = 3600;
const day = 24 * hour;

export const builtInPolicy: Policy = {
  version: 1,
  classes: {
    basic: { quorum: 2, longestSeconds: 7 * day, mostRecords: 10_000_000, mostDisclosures: 10_000 },
    sensitive: { quorum: 2, longestSeconds: 3 * day, mostRecords: 1_000_000, mostDisclosures: 1_000 },
    private: { quorum: 2, longestSeconds: 2 * day, mostRecords: 1_000_000, mostDisclosures: 500 },
    strict: { quorum: 3, longestSeconds: 1 * day, mostRecords: 100_000, mostDisclosures: 100 },
  },
  requestOpenSeconds: 7 * day,
  approvalSeconds: 1 * day,
};

export const policyHash = (policy: Policy): Uint8Array => hashCanonical('custos/policy/v1', policy);

/** One person alone never opens anything, whatever a policy says. */
const leastQuorum = 2;

/** How many distinct people must sign: what the strictest of the fields takes. */
export const needed = (policy: Policy, fields: readonly FieldName[]): number =>
  Math.max(leastQuorum, ...fields.map((field) => policy.classes[classOf(field)].quorum));

export type Ceilings = Omit<Release, 'quorum'>;

/** The smallest of each among the fields' classes. No fields, nothing. */
export function ceilings(policy: Policy, fields: readonly FieldName[]): Ceilings {
  const releases = fields.map((field) => policy.classes[classOf(field)]);
  const smallest = (of: keyof Ceilings) => (releases.length === 0 ? 0 : Math.min(...releases.map((one) => one[of])));
  return {
    longestSeconds: smallest('longestSeconds'),
    mostRecords: smallest('mostRecords'),
    mostDisclosures: smallest('mostDisclosures'),
  };
}

/** What must hold of a scope, filed under the name that a refusal carries when it does not. */
const rules = {
  duration_above_ceiling: ({ durationSeconds }, { longestSeconds }) => durationSeconds <= longestSeconds,
  records_above_ceiling: ({ budget }, { mostRecords }) => budget.records <= mostRecords,
  disclosures_above_ceiling: ({ budget }, { mostDisclosures }) => budget.disclosures <= mostDisclosures,
} satisfies Record<string, (scope: Terms, ceilings: Ceilings) => boolean>;
export type CeilingRule = keyof typeof rules;

type Terms = Pick<Scope, 'fields' | 'durationSeconds' | 'budget'>;

/** The ceilings that this scope breaks, none if it may be asked. */
export function aboveCeilings(policy: Policy, scope: Terms): CeilingRule[] {
  const most = ceilings(policy, scope.fields);
  return (Object.keys(rules) as CeilingRule[]).filter((name) => !rules[name](scope, most));
}
