import { z } from 'zod';
import type { Scope } from '../log/entries.js';
import { fieldNames, FieldName } from '../log/fields.js';
import { SessionId, SubjectId } from '../log/ids.js';
import { hashCanonical } from '../sealing/canonical.js';
import { freeText } from '../log/free-text.js';
import type { NonEmpty } from './non-empty.js';

/**
 * Of a request and of the scope frozen from it. Approvers cannot judge more, and with the longest ids that there are
 * this many still fit into one header (64 KB), which the log would refuse otherwise.
 */
export const mostSessions = 400;
const mostFields = fieldNames.length;
/** As far as any scope can be written. A policy allows less, never more. */
export const widest = {
  longestSeconds: 7 * 24 * 3600,
  mostRecords: 10_000_000,
  mostDisclosures: 10_000,
  mostSubjects: 400,
  mostSessions,
} as const;
const lastTime = 8_640_000_000_000_000; // the last millisecond that ECMAScript has a date for

/** What there is to say of a range where there is no grant to say one. */
export const anyTime = { from: 0, to: lastTime } as const;

const Time = z.int().min(0).max(lastTime);

/** The part of a scope that is frozen word for word as it was asked. */
const terms = {
  from: Time,
  to: Time,
  purpose: freeText({ least: 10, most: 500 }),
  durationSeconds: z.int().min(1).max(widest.longestSeconds),
  budget: z.strictObject({
    records: z.int().min(1).max(widest.mostRecords),
    disclosures: z.int().min(1).max(widest.mostDisclosures),
  }),
};
const inOrder = ({ from, to }: { from: number; to: number }) => from < to;

/**
 * What a researcher may ask for. Strict: an unknown key is an error, not a silent no. No wildcard can be
 * written: `*` is no id, an empty list names nothing, and a list left out adds nothing to the other one.
 */
export const ScopeBody = z
  .strictObject({
    fields: z
      .array(FieldName)
      .min(1)
      .max(mostFields)
      .refine((fields) => new Set(fields).size === fields.length, 'each field once'),
    sessions: z.array(SessionId).max(mostSessions).default([]),
    subjects: z.array(SubjectId).max(widest.mostSubjects).default([]),
    ...terms,
  })
  .refine(inOrder, { path: ['to'], error: 'after from' })
  .refine(({ sessions, subjects }) => sessions.length + subjects.length > 0, {
    path: ['sessions'],
    error: 'a session or a subject',
  });
export type ScopeBody = z.infer<typeof ScopeBody>;

/** A scope in the one form that is hashed and signed. Whatever is not in it is not a scope. */
export const FrozenScope = z
  .strictObject({
    fields: z.array(FieldName).min(1).max(mostFields).refine(ascending),
    sessions: z
      .array(z.strictObject({ session: SessionId, subject: SubjectId }))
      .min(1)
      .max(mostSessions)
      .refine((sessions) => ascending(sessions.map(({ session }) => session))),
    ...terms,
  })
  .refine(inOrder);

export type SessionOfSubject = Scope['sessions'][number];

/**
 * Turns what was asked into exactly the sessions that it means now: sessions that begin later are not in it.
 * @throws Error if a session comes with two subjects, which the caller's log does not allow.
 */
export function freezeScope(body: ScopeBody, sessions: NonEmpty<SessionOfSubject>): Scope {
  const { from, to, purpose, durationSeconds, budget } = body;
  const subjects = new Map<SessionId, SubjectId>();
  for (const { session, subject } of sessions) {
    if ((subjects.get(session) ?? subject) !== subject) throw new Error('a session has two subjects');
    subjects.set(session, subject);
  }
  return {
    fields: [...new Set(body.fields)].sort(),
    sessions: [...subjects.keys()].sort().map((session) => ({ session, subject: subjects.get(session) as SubjectId })),
    from,
    to,
    purpose,
    durationSeconds,
    budget: { records: budget.records, disclosures: budget.disclosures },
  };
}

/**
 * Whose each session of a frozen scope is, looked up in the scope's own order: a map beside each scope took a fifth of
 * all memory that a log's grants take.
 */
export class SubjectsOfSessions {
  constructor(private readonly sessions: Scope['sessions']) {}

  get(session: SessionId): SubjectId | undefined {
    let [from, to] = [0, this.sessions.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.sessions[middle] as SessionOfSubject).session < session) from = middle + 1;
      else to = middle;
    }
    const found = this.sessions[from];
    return found?.session === session ? found.subject : undefined;
  }
}

/** 32 bytes: what approvers sign. */
export const scopeHash = (scope: Scope): Uint8Array => hashCanonical('custos/scope/v1', scope);

/** By code unit, the order of `sort()`: a locale would order differently from machine to machine. */
export function ascending(list: readonly string[]): boolean {
  return list.slice(1).every((item, index) => (list[index] as string) < item);
}
