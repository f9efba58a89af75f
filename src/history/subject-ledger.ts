import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import { streamOfDisclosure } from '../access/disclose.js';
import { consentAt, consentKey } from '../capture/consent.js';
import type { Consent } from '../log/entries.js';
import type { SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { ledgerLines, lookAt, type LedgerLine } from './ledger-lines.js';
import { endSaid, type EndSaid } from './release-said.js';

/** Without a completion the release counts as exposed. */
type Completion = EndSaid['outcome'] | 'unknown';

export interface Ledger {
  readonly subject: SubjectId;
  readonly consent: Consent;
  /** `completed`: of each release, as it is known by now. */
  readonly entries: readonly (LedgerLine & { readonly completed?: Completion })[];
}

export class SubjectLedger extends Query<Ledger> {
  constructor(readonly subject: SubjectId) {
    super();
  }
}

@QueryHandler(SubjectLedger)
export class SubjectLedgerHandler implements IQueryHandler<SubjectLedger> {
  constructor(private readonly log: Log) {}

  async execute({ subject }: SubjectLedger): Promise<Ledger> {
    const { size, state } = await lookAt(this.log);
    const all = { from: 0, below: size };
    const lines = await ledgerLines(this.log, { subject, access: state.of(accessKey), span: all });
    const entries: Ledger['entries'][number][] = [];
    for (const line of lines) entries.push(line.kind === 'released' ? await this.completed(line) : line);
    return { subject, consent: consentAt(state.of(consentKey), subject, Date.now()), entries };
  }

  private async completed(line: LedgerLine): Promise<Ledger['entries'][number]> {
    const ends = await this.log.reader.stream(streamOfDisclosure(line.position));
    const end = ends
      .flatMap((entry) => (entry.type === 'disclosure.completed' ? (endSaid(entry) ?? []) : []))
      .find(({ disclosure }) => disclosure === line.position);
    if (end === undefined) return { ...line, completed: 'unknown' };
    const { outcome, records } = end;
    // What was counted before the release is an upper bound; what a finished one delivered is known.
    return { ...line, completed: outcome, ...(outcome === 'delivered' ? { records } : {}) };
  }
}
