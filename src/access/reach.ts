import type { FieldName } from '../log/fields.js';
import type { GrantId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import type { AccessState, Grant } from './access-state.js';
import { opensPart } from './decide.js';
import type { SessionOfSubject } from './scope.js';

/** This person could read this field of this session. */
export interface Reach {
  readonly person: PersonId;
  readonly subject: SubjectId;
  readonly session: SessionId;
  readonly field: FieldName;
  readonly grant: GrantId;
  /** Epoch milliseconds; from then on they could not. */
  readonly until: number;
  /** One officer opened it alone. */
  readonly isBreakGlass?: true;
}

export interface ReachFilter {
  readonly person?: PersonId;
  readonly subject?: SubjectId;
  readonly field?: FieldName;
}

/** All that one grant opens: every field of every session here. Reach is a few of these and not millions of rows. */
export interface ReachScope {
  readonly person: PersonId;
  readonly grant: GrantId;
  readonly sessions: readonly SessionOfSubject[];
  readonly fields: readonly FieldName[];
  readonly until: number;
  readonly isBreakGlass?: true;
}

/**
 * What a grant opens at a moment: all for which `decide` would allow one record. It asks the rules of `decide`, so that
 * no report, guard or diff can disagree with the service (access A1). Each of them is about the grant, about a session or
 * about a field, and none about a pair, so what opens is a rectangle. With `of`, of the sessions of this subject alone.
 */
export function reachOf(state: AccessState, grant: Grant, at: number, of?: SubjectId): ReachScope | undefined {
  const { id, person, scope, expiresAt: until } = grant;
  // Most grants of a long log have ended: one question is enough for those.
  if (!opensAnything(state, grant, at)) return undefined;
  // Written out: spreading took five times as long as all that is asked about a session.
  const asked = (session: SessionId, fields: readonly FieldName[]) => ({ session, fields, records: 1, grant: id, person, at }); // prettier-ignore
  const sessions = scope.sessions.filter(
    ({ session, subject }) => matches(of, subject) && opensPart(state, grant, asked(session, noFields), 'session'),
  );
  const fields = scope.fields.filter((field) => opensPart(state, grant, asked(noSession, [field]), 'fields'));
  return sessions.length === 0 || fields.length === 0
    ? undefined
    : { person, grant: id, sessions, fields, until, ...(grant.isBreakGlass && { isBreakGlass: true as const }) };
}

/** Whether nothing about the grant itself stands against it: while something does, it opens nothing at all. */
export const opensAnything = (state: AccessState, grant: Grant, at: number): boolean =>
  opensPart(state, grant, { session: noSession, fields: noFields, records: 1, grant: grant.id, person: grant.person, at }, 'grant'); // prettier-ignore

const noSession = '' as SessionId;
const noFields: readonly FieldName[] = [];

/** Who could read what at a moment, in order of grant, session and field. */
export function reach(state: AccessState, at: number, filter: ReachFilter = {}): Reach[] {
  return [...state.grants.values()]
    .filter(({ person }) => matches(filter.person, person))
    .sort((a, b) => a.position - b.position)
    .flatMap((grant) => rowsOf(reachOf(state, grant, at), filter));
}

function rowsOf(scope: ReachScope | undefined, filter: ReachFilter): Reach[] {
  if (scope === undefined) return [];
  const { person, grant, until, isBreakGlass } = scope;
  const alone = isBreakGlass && { isBreakGlass };
  const fields = scope.fields.filter((field) => matches(filter.field, field));
  return scope.sessions
    .filter(({ subject }) => matches(filter.subject, subject))
    .flatMap(({ session, subject }) =>
      fields.map((field) => ({ person, subject, session, field, grant, until, ...alone })),
    );
}

const matches = <T>(wanted: T | undefined, one: T) => wanted === undefined || wanted === one;
