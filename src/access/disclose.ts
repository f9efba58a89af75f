import type { Outcome } from '../log/draft.js';
import { fieldNames, type FieldName } from '../log/fields.js';
import { ownCopy, type GrantId, type PersonId, type Position, type SessionId, type SubjectId } from '../log/ids.js';
import { requestStream, type AccessState, type Grant } from './access-state.js';
import { decide, type DisclosureRule } from './decide.js';
import type { NonEmpty } from './non-empty.js';

export interface AskedDisclosure {
  readonly grant: GrantId;
  readonly person: PersonId;
  readonly session: SessionId;
  /** Left out: all that the grant gives; of one's own, all that there is. */
  readonly fields?: readonly FieldName[] | undefined;
  /** Stream versions of the session below this one are released. */
  readonly versions: number;
  /** Upper bound, from the headers of those versions that overlap the grant's range. */
  readonly records: number;
  /** Whose session it is by the log, if it exists: so that a refusal too reaches that person's ledger. */
  readonly subject?: SubjectId | undefined;
  /** The entry that gave up all that these fields had in this range, if retention has left nothing of it. */
  readonly goneBy?: GoneBy;
}

type GoneBy = (fields: readonly FieldName[], range: { from: number; to: number }) => Position | undefined;

/** Kept with the command and given again, so it is plain data. */
export type DisclosureAnswer =
  | {
      readonly kind: 'allowed';
      readonly grant: GrantId;
      readonly session: SessionId;
      readonly fields: readonly FieldName[];
      /** The grant's range of time: records outside of it are not released. */
      readonly from: number;
      readonly to: number;
      readonly versions: number;
      readonly records: number;
    }
  | {
      readonly kind: 'denied';
      readonly rules: NonEmpty<DisclosureRule | 'columns_expired'>;
      readonly erasedAt?: Position;
      readonly expiredAt?: Position;
    };

/** Decides one release. Both answers are entries: whoever tried is as much part of the history as whoever read. */
export function disclose(
  state: AccessState,
  asked: AskedDisclosure,
  { at }: { at: number },
): Outcome<DisclosureAnswer> {
  const { grant: id, session, versions, records } = asked;
  const grant = state.grants.get(id);
  const fields = fieldsOf(asked, grant);
  const decision = decide(state, { ...asked, fields, at });
  const place = {
    // A stranger's attempt stands with the stranger: whether the grant has a stream would tell that there is one.
    stream: grant?.person === asked.person ? requestStream(id) : `person/${asked.person}`,
    ...aboutSubject(asked.subject ?? grant?.subjects.get(session)),
  };

  if (decision.verdict === 'deny') {
    const { verdict: _verdict, ...why } = decision;
    const data = { grant: id, session, fields, rules: why.rules };
    return { entries: [{ type: 'disclosure.refused', ...place, data }], answer: { kind: 'denied', ...why } };
  }
  const { from, to } = decision;
  const expiredAt = asked.goneBy?.(fields, { from, to });
  if (expiredAt !== undefined) {
    // Not charged: nothing can come of it.
    const data = { grant: id, session, fields, rules: ['columns_expired'] };
    return {
      entries: [{ type: 'disclosure.refused', ...place, data }],
      answer: { kind: 'denied', rules: ['columns_expired'], expiredAt },
    };
  }
  return {
    entries: [
      {
        type: 'disclosure.made',
        ...place,
        data: { grant: id, session, fields, versions, records },
        begins: streamOfDisclosure,
      },
    ],
    answer: { kind: 'allowed', grant: id, session, fields, from, to, versions, records },
  };
}

/** In order, each once. What a grant of somebody else gives is not filled in for a stranger. */
function fieldsOf({ fields, person, grant: id }: AskedDisclosure, grant: Grant | undefined): FieldName[] {
  const granted = id === ownCopy ? fieldNames : grant?.person === person ? grant.scope.fields : [];
  return [...new Set(fields ?? granted)].sort();
}

/** Of the disclosure at this position: how it ended. */
export const streamOfDisclosure = (disclosure: Position) => `disclosure/${disclosure}`;

const aboutSubject = (subject: SubjectId | undefined) => (subject === undefined ? {} : { subject });
