import type { Head, Outcome } from '../log/draft.js';
import type { ContainmentReported, OpenReading } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { ContainmentId, GrantId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import type { AccessState } from './access-state.js';
import { disclose, type AskedDisclosure } from './disclose.js';

/** One field of one session, to one person, under one grant: the smallest thing that can be read. */
export interface Reading {
  readonly person: PersonId;
  readonly grant: GrantId;
  readonly session: SessionId;
  readonly subject: SubjectId;
  readonly field: FieldName;
}

export interface Contained extends Pick<ContainmentReported, 'since' | 'only'> {
  readonly containment: ContainmentId;
}

/**
 * Everything that anybody could have read at some time since, by the grants and not by what `decide` says of them: what
 * has been locked, revoked or forbidden meanwhile is what has to be tried. A grant is never taken out of the state.
 */
export function* readingsSince({ grants }: AccessState, { since, only }: Pick<Contained, 'since' | 'only'>) {
  const tried = [...grants.values()]
    .filter(({ id, person, expiresAt }) => !(expiresAt <= since) && is(only.grant, id) && is(only.person, person))
    .sort((a, b) => a.position - b.position);
  for (const { id: grant, person, scope } of tried) {
    const fields = scope.fields.filter((field) => is(only.field, field));
    for (const { session, subject } of scope.sessions.filter((one) => is(only.subject, one.subject))) {
      for (const field of fields) yield { person, grant, session, subject, field } satisfies Reading;
    }
  }
}

const is = <T>(wanted: T | undefined, one: T) => wanted === undefined || wanted === one;

/** What the service would have done, as an entry of its own that releases nothing and is charged to no budget. */
export function probed(
  [state, asked, head]: readonly [state: AccessState, asked: AskedDisclosure, head: Pick<Head, 'at'>],
  { containment }: { readonly containment: ContainmentId },
): Outcome<{ allowed: boolean }> {
  const { answer, entries } = disclose(state, asked, head);
  const { grant, session, person, versions, records } = asked;
  const fields = answer.kind === 'allowed' ? answer.fields : (asked.fields ?? []);
  const rules = answer.kind === 'denied' ? answer.rules : [];
  const subject = entries[0]?.subject;
  const data = { containment, person, grant, session, fields, versions, records, rules };
  return {
    entries: [
      {
        type: 'containment.probed',
        stream: `containment/${containment}`,
        ...(subject === undefined ? {} : { subject }),
        data,
      },
    ],
    answer: { allowed: answer.kind === 'allowed' },
  };
}

/** So that the report fits a header; whoever needs more of them asks again, for one grant. */
export const mostNamed = 100;

/** Counts as it goes: what is tried is never held whole. */
export class Tally {
  private probed = 0;
  private open = 0;
  private readonly named: OpenReading[] = [];

  constructor(private readonly contained: Contained) {}

  /** Returns what is open, if any layer lets it through. */
  add({ field, ...reading }: Reading, layers: { service: boolean; keyholder: boolean }): OpenReading | undefined {
    this.probed += 1;
    if (!layers.service && !layers.keyholder) return undefined;
    this.open += 1;
    const open = { ...reading, fields: [field], ...layers };
    if (this.named.length < mostNamed) this.named.push(open);
    return open;
  }

  get report(): ContainmentReported {
    const { probed: tried, open, named } = this;
    return { ...this.contained, probed: tried, open, named };
  }
}
