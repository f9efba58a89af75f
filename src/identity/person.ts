import type { PersonId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';

/** A role lets a person ask. It never lets anyone read. */
export const roles = ['source', 'researcher', 'approver', 'officer', 'auditor', 'subject'] as const;
export type Role = (typeof roles)[number];

export interface Person {
  readonly id: PersonId;
  readonly roles: ReadonlySet<Role>;
  /** Exactly where the id is `subject:` and a subject's id. */
  readonly subject?: SubjectId;
  /** Epoch milliseconds: from then on their token would not be accepted, and what it has begun must end. */
  readonly tokenExpiresAt: number;
}

/** Only the subject may ask this for themselves. */
export function requireSelf(person: Person, subject: SubjectId): void {
  if (!person.roles.has('subject') || person.subject !== subject) throw new Problem('role_missing');
}
