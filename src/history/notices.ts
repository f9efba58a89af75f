import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import type { Person } from '../identity/person.js';
import type { PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { glassLines, ledgerLines, lookAt, type LedgerKind, type LedgerLine } from './ledger-lines.js';

/** A line of their ledger, which never changes; a copy of one's own has a name of its own, in case it was not them. */
export interface Notice extends Omit<LedgerLine, 'kind'> {
  readonly kind: LedgerKind | 'copy';
}

export interface NoticesAnswer {
  /** In the order of the log. */
  readonly notices: readonly Notice[];
  /** What to ask for as `after` the next time, whether or not there is more by now: so many entries of the log are told. */
  readonly next: number;
  /** Whether asking at once gives another one. */
  readonly more: boolean;
}

/** What whoever asks must be told: a subject of their own data, an officer of every break-glass and its review. */
export class Notices extends Query<NoticesAnswer> {
  constructor(
    readonly asker: Person,
    readonly after: number,
    readonly limit: number,
  ) {
    super();
  }
}

@QueryHandler(Notices)
export class NoticesHandler implements IQueryHandler<Notices> {
  constructor(private readonly log: Log) {}

  async execute({ asker, after, limit }: Notices): Promise<NoticesAnswer> {
    const { subject, roles } = asker;
    const { size, state } = await lookAt(this.log);
    if (after > size) throw new Problem('position_unknown', { size });
    const access = state.of(accessKey);
    const span = { from: after, below: size };
    // One more says whether there are more.
    const own = subject === undefined ? [] : await ledgerLines(this.log, { subject, access, span, most: limit + 1 });
    const asOfficer = roles.has('officer') ? glassLines(access, span) : [];
    return pageOf([...own.map(asTheirs(asker.id)), ...asOfficer], { size, limit });
  }
}

/** The first of these lines, in order; `size`: of the log that they were read from. */
export function pageOf(lines: readonly Notice[], { size, limit }: { size: number; limit: number }): NoticesAnswer {
  // Whoever is officer and subject is told of a review once.
  const told = [...new Map(lines.map((line) => [line.position, line])).values()];
  const page = told.sort((a, b) => a.position - b.position).slice(0, limit + 1);
  const beyond = page[limit];
  return { notices: page.slice(0, limit), next: beyond?.position ?? size, more: beyond !== undefined };
}

const asTheirs =
  (own: PersonId) =>
  (line: LedgerLine): Notice =>
    line.kind === 'released' && line.person === own ? { ...line, kind: 'copy' } : line;
