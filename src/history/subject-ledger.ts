import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { AccessState } from '../access/access-state.js';
import { accessKey } from '../access/access-state.js';
import { streamOfDisclosure } from '../access/disclose.js';
import { consentAt, consentKey } from '../capture/consent.js';
import type { Consent, EntryType } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { GrantId, PersonId, Position, RequestId, SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';

type Completion = EntryOf<'disclosure.completed'>['data']['outcome'] | 'unknown';

/** One line of what happened to a subject's data. Without a completion the release counts as exposed. */
export interface LedgerLine {
  readonly position: Position;
  readonly at: number;
  readonly kind: 'released' | 'refused' | 'break-glass' | 'erased' | 'consent';
  readonly person: string;
  readonly session?: SessionId;
  readonly fields?: readonly FieldName[];
  readonly records?: number;
  readonly purpose?: string;
  readonly approvers?: readonly PersonId[];
  readonly rules?: readonly string[];
  readonly completed?: Completion;
  readonly consent?: Consent;
  /** Of a pause that ends by itself. */
  readonly until?: number;
}

export interface Ledger {
  readonly subject: SubjectId;
  readonly consent: Consent;
  readonly entries: readonly LedgerLine[];
}

const types = [
  'disclosure.made',
  'disclosure.refused',
  'glass.broken',
  'subject.erased',
  'consent.changed',
] as const satisfies EntryType[];

export class SubjectLedger extends Query<Ledger> {
  constructor(readonly subject: SubjectId) {
    super();
  }
}

@QueryHandler(SubjectLedger)
export class SubjectLedgerHandler implements IQueryHandler<SubjectLedger> {
  constructor(private readonly log: Log) {}

  async execute({ subject }: SubjectLedger): Promise<Ledger> {
    const state = await this.log.refreshed();
    const entries = await this.log.reader.ofSubject(subject, types);
    const lines: LedgerLine[] = [];
    for (const entry of entries) {
      const line = ledgerLine(entry, state.of(accessKey));
      if (line !== undefined) lines.push(line.kind === 'released' ? await this.completed(line) : line);
    }
    return { subject, consent: consentAt(state.of(consentKey), subject, Date.now()), entries: lines };
  }

  private async completed(line: LedgerLine): Promise<LedgerLine> {
    const [last] = await this.log.reader.stream(streamOfDisclosure(line.position));
    if (last?.type !== 'disclosure.completed') return { ...line, completed: 'unknown' };
    const { outcome, records } = last.data;
    // What was counted before the release is an upper bound; what a finished one delivered is known.
    return { ...line, completed: outcome, ...(outcome === 'delivered' ? { records } : {}) };
  }
}

export function ledgerLine(entry: Entry, access: AccessState): LedgerLine | undefined {
  const { position, at, actor: person } = entry;
  switch (entry.type) {
    case 'disclosure.made': {
      const { session, fields, records } = entry.data;
      return {
        position,
        at,
        kind: 'released',
        person,
        session,
        fields,
        records,
        ...signedFor(access, entry.data.grant),
      };
    }
    case 'disclosure.refused': {
      const { session, fields, rules } = entry.data;
      return { position, at, kind: 'refused', person, session, fields, rules };
    }
    case 'glass.broken': {
      const { officer, fields, records, reason: purpose } = entry.data;
      return { position, at, kind: 'break-glass', person: officer, fields, records, purpose };
    }
    case 'subject.erased':
      return { position, at, kind: 'erased', person };
    case 'consent.changed':
      return { position, at, kind: 'consent', person, ...entry.data };
    default:
      return undefined;
  }
}

function signedFor(access: AccessState, grant: GrantId): Pick<LedgerLine, 'purpose' | 'approvers'> {
  const request = access.requests.get(grant as string as RequestId);
  const glass = access.glasses.get(grant);
  if (glass !== undefined) {
    const purpose = access.grants.get(grant)?.scope.purpose ?? '';
    return { purpose, approvers: [glass.officer] };
  }
  return request === undefined ? {} : { purpose: request.scope.purpose, approvers: [...request.approvals.keys()] };
}
