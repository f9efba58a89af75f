import type { FieldName } from '../log/fields.js';
import type { GrantId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import type { AccessState } from './access-state.js';
import { decide } from './decide.js';

/** This person could read this field of this session. */
export interface Reach {
  readonly person: PersonId;
  readonly subject: SubjectId;
  readonly session: SessionId;
  readonly field: FieldName;
  readonly grant: GrantId;
  /** Epoch milliseconds; from then on they could not. */
  readonly until: number;
}

export interface ReachFilter {
  readonly person?: PersonId;
  readonly subject?: SubjectId;
  readonly field?: FieldName;
}

/**
 * Who could read what at a moment: everything for which `decide` would allow one record. It asks `decide`
 * itself, so the report and the service cannot disagree. In order of grant, session and field.
 */
export function reach(state: AccessState, at: number, filter: ReachFilter = {}): Reach[] {
  const grants = [...state.grants.values()].sort((a, b) => a.position - b.position);
  return grants.flatMap(({ id: grant, person, scope, expiresAt: until }) =>
    matches(filter.person, person)
      ? scope.sessions.flatMap(({ session, subject }) =>
          scope.fields
            .filter((field) => matches(filter.subject, subject) && matches(filter.field, field))
            .filter((field) => allowsOneRecord(state, { grant, person, session, field, at }))
            .map((field) => ({ person, subject, session, field, grant, until })),
        )
      : [],
  );
}

const matches = <T>(wanted: T | undefined, one: T) => wanted === undefined || wanted === one;

type OneRecord = Pick<Reach, 'grant' | 'person' | 'session' | 'field'> & { at: number };

const allowsOneRecord = (state: AccessState, { grant, person, session, field, at }: OneRecord) =>
  decide(state, { grant, person, session, fields: [field], records: 1, at }).verdict === 'allow';
