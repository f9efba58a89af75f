import { z } from 'zod';
import type { Preview, Scope } from '../log/entries.js';
import { classes, FieldName, type FieldClass } from '../log/fields.js';
import { hashCanonical } from '../sealing/canonical.js';
import { ascending } from './scope.js';

/** Without a fraction, and not below nothing: 0 closes what it counts. Where it must end is a floor (policy-floors.ts). */
const Count = z.int().min(0);
const Seconds = z.int().min(60);

/** What the release of one class takes and how far it goes at most. Every member is required: nothing is without end. */
const Release = z.strictObject({
  /** Distinct people who must sign. */
  quorum: Count,
  longestSeconds: Count,
  mostRecords: Count,
  mostDisclosures: Count,
  mostSubjects: Count,
  mostSessions: Count,
  /** People who may reach one field of one subject at once. */
  mostPersonsAtOnce: Count,
  /** Subjects of whom one person may reach fields of this class at once. */
  mostSubjectsAtOnce: Count,
});
export type Release = z.infer<typeof Release>;

/**
 * The whole policy: who must sign for what, and how far any of it goes. A document that officers sign as one
 * (`policy.change`). There is no wildcard to write: a field is named, or has the strictest class.
 */
export const PolicyDocument = z.strictObject({
  /** One more than that of the policy which it replaces. */
  version: z.int().min(1),
  fields: z.partialRecord(FieldName, z.enum(classes)),
  classes: z.strictObject({ basic: Release, sensitive: Release, private: Release, strict: Release }),
  /** Unanswered for so long, a request is denied. */
  requestOpenSeconds: Seconds,
  /** A signature cannot be kept for later: it counts only if it is handed in before this has passed. */
  approvalSeconds: Seconds,
  /** What one officer alone may open, with everyone told. */
  breakGlass: z.strictObject({
    fields: z.array(FieldName).refine(ascending, 'in order, each once'),
    longestSeconds: Count,
    mostRecords: Count,
    mostDisclosures: Count,
    mostSubjects: Count,
  }),
});
export type Policy = z.infer<typeof PolicyDocument>;

/** 32 bytes, over the canonical encoding: two documents that say the same have one hash. */
export const policyHash = (policy: Policy): Uint8Array => hashCanonical('custos/policy/v1', policy);

/** Deny by default: what the policy does not name has the strictest class. */
export const classIn = ({ fields }: Policy, field: FieldName): FieldClass => fields[field] ?? 'strict';

/** One person alone never opens anything, whatever a policy says. */
export const leastQuorum = 2;

/** How many distinct people must sign: what the strictest of the fields takes. */
export const needed = (policy: Policy, fields: readonly FieldName[]): number =>
  fields.reduce((most, field) => Math.max(most, policy.classes[classIn(policy, field)].quorum), leastQuorum);

export type Ceiling = Exclude<keyof Release, 'quorum'>;

/** The smallest among the fields' classes. No fields, nothing. */
export const ceiling = (policy: Policy, fields: readonly FieldName[], of: Ceiling): number =>
  fields.length === 0
    ? 0
    : fields.reduce((least, field) => Math.min(least, policy.classes[classIn(policy, field)][of]), Infinity);

/** What of a scope the ceilings are about. */
export interface Terms {
  readonly fields: readonly FieldName[];
  readonly durationSeconds: number;
  readonly records: number;
  readonly disclosures: number;
  readonly subjects: number;
  readonly sessions: number;
}

export const termsOf = ({ fields, durationSeconds, budget, sessions }: ScopeTerms): Terms => ({
  fields,
  durationSeconds,
  records: budget.records,
  disclosures: budget.disclosures,
  subjects: new Set(sessions.map(({ subject }) => subject)).size,
  sessions: new Set(sessions.map(({ session }) => session)).size,
});
type ScopeTerms = Pick<Scope, 'fields' | 'durationSeconds' | 'budget' | 'sessions'>;

/** What must not be above which ceiling, filed under the name that a refusal carries when it is. */
const rules = {
  duration_above_ceiling: ['durationSeconds', 'longestSeconds'],
  records_above_ceiling: ['records', 'mostRecords'],
  disclosures_above_ceiling: ['disclosures', 'mostDisclosures'],
  subjects_above_ceiling: ['subjects', 'mostSubjects'],
  sessions_above_ceiling: ['sessions', 'mostSessions'],
} as const satisfies Record<string, readonly [Exclude<keyof Terms, 'fields'>, Ceiling]>;
export type CeilingRule = keyof typeof rules;
const ruleNames = Object.keys(rules) as CeilingRule[];

/** Whether what was granted on these terms, by so many people, could be granted now. */
export const allows = (policy: Policy, terms: Terms, signers: number): boolean =>
  signers >= needed(policy, terms.fields) && aboveCeilings(policy, terms).length === 0;

/** The ceilings that these terms break, none if they may be asked. */
export const aboveCeilings = (policy: Policy, terms: Terms): CeilingRule[] =>
  ruleNames.filter((name) => {
    const [asked, most] = rules[name];
    return !(terms[asked] <= ceiling(policy, terms.fields, most));
  });

/** What approvers see before they sign. Only `records`, an upper bound, is not in scope and policy. */
export const previewOf = (policy: Policy, scope: Scope, records: number): Preview => ({
  records,
  subjects: new Set(scope.sessions.map(({ subject }) => subject)).size,
  sessions: scope.sessions.length,
  classes: classes.filter((one) => scope.fields.some((field) => classIn(policy, field) === one)),
});
