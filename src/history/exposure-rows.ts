import type { SessionOfSubject } from '../access/scope.js';
import type { FieldName } from '../log/fields.js';
import type { GrantId, PersonId, Position, SessionId, SubjectId } from '../log/ids.js';
import type { EndSaid } from './release-said.js';

/** A size of the log, and when it came to it. */
export interface Edge {
  readonly position: number;
  readonly at: number;
}

/** Each of these fields of each of these sessions was within this person's reach, for this long. */
export interface Could {
  readonly person: PersonId;
  readonly grant: GrantId;
  readonly sessions: readonly SessionOfSubject[];
  readonly fields: readonly FieldName[];
  /** `position`: the first size of the log at which they could; the first moment asked about, if they could before. */
  readonly since: Edge;
  /**
   * The first size at which they could not, and when; null: at the last moment they still could. No size where it ran
   * out after the last entry.
   */
  readonly until: { readonly position: number | null; readonly at: number } | null;
}

export interface Did {
  readonly position: Position;
  readonly at: number;
  readonly person: PersonId;
  readonly grant: GrantId;
  readonly subject: SubjectId | null;
  readonly session: SessionId;
  readonly fields: readonly FieldName[];
  /** What a completed release delivered; of any other all that it could have been. */
  readonly records: number;
  /** False: by the rules this release should not have been. */
  readonly allowed: boolean;
}

/** Not completed up to the last moment: unknown, and that counts as exposed. */
export type ReleaseOutcome = EndSaid['outcome'] | 'unknown';

export type ExposureRow =
  ({ readonly kind: 'could' } & Could) | ({ readonly kind: 'did'; readonly outcome: ReleaseOutcome } & Did);

/** Rows are numbered in the order in which they end or happen; these are kept. */
export interface Window {
  readonly after: number;
  readonly limit: number;
}

export interface PersonExposure {
  readonly person: PersonId;
  /** Subjects of whom anything was within reach, and those of whom anything was released. */
  readonly couldSubjects: number;
  readonly didSubjects: number;
  readonly releases: number;
  readonly unknown: number;
  readonly records: number;
}

export interface ExposureSummary {
  readonly rows: number;
  readonly could: { readonly persons: number; readonly subjects: number; readonly sessions: number };
  readonly did: {
    readonly persons: number;
    readonly subjects: number;
    readonly sessions: number;
    readonly records: number;
    readonly notAllowed: number;
  } & Readonly<Record<ReleaseOutcome, number>>;
  readonly persons: readonly PersonExposure[];
}

/** Counts everything and keeps one page. */
export class ExposureRows {
  private count = 0;
  private notAllowed = 0;
  private readonly kept: ExposureRow[] = [];
  /** Releases that nobody has completed yet, and which of the rows they are, if they are kept. */
  private readonly open = new Map<number, { row: Did; index: number | undefined }>();
  private readonly outcomes = { delivered: 0, broken_off: 0, failed: 0 };
  private readonly people = new Map<PersonId, Tally>();
  private readonly sessionsWithinReach = new Set<SessionId>();
  private readonly sessionsReleased = new Set<SessionId>();

  constructor(private readonly window: Window) {}

  could(row: Could): void {
    const tally = this.of(row.person);
    for (const { session, subject } of row.sessions) {
      tally.could.add(subject);
      this.sessionsWithinReach.add(session);
    }
    if (this.isKept()) this.kept.push({ kind: 'could', ...row });
  }

  did(row: Did): void {
    const tally = this.of(row.person);
    if (row.subject !== null) tally.did.add(row.subject);
    this.sessionsReleased.add(row.session);
    tally.releases += 1;
    tally.records += row.records;
    tally.unknown += 1;
    if (!row.allowed) this.notAllowed += 1;
    const index = this.isKept() ? this.kept.push({ kind: 'did', ...row, outcome: 'unknown' }) - 1 : undefined;
    this.open.set(row.position, { row, index });
  }

  /** Of a release that is not asked about, or before the first moment, there is nothing to complete. */
  completed({ disclosure, records, outcome }: EndSaid): void {
    const found = this.open.get(disclosure);
    if (found === undefined) return;
    const { row, index } = found;
    this.open.delete(disclosure);
    const delivered = outcome === 'delivered' ? records : row.records;
    const tally = this.of(row.person);
    tally.unknown -= 1;
    tally.records += delivered - row.records;
    this.outcomes[outcome] += 1;
    if (index !== undefined) this.kept[index] = { kind: 'did', ...row, records: delivered, outcome };
  }

  result(): { summary: ExposureSummary; rows: ExposureRow[]; next: number | null } {
    const people = [...this.people].sort(([a], [b]) => (a < b ? -1 : 1));
    const all = (of: 'could' | 'did') => new Set(people.flatMap(([, tally]) => [...tally[of]])).size;
    const some = (of: 'could' | 'did') => people.filter(([, tally]) => tally[of].size > 0).length;
    const sum = (of: 'records' | 'unknown') => people.reduce((total, [, tally]) => total + tally[of], 0);
    const last = this.window.after + this.window.limit;
    return {
      summary: {
        rows: this.count,
        could: { persons: some('could'), subjects: all('could'), sessions: this.sessionsWithinReach.size },
        did: {
          persons: people.filter(([, { releases }]) => releases > 0).length,
          subjects: all('did'),
          sessions: this.sessionsReleased.size,
          records: sum('records'),
          notAllowed: this.notAllowed,
          ...this.outcomes,
          unknown: sum('unknown'),
        },
        persons: people.map(([person, { could, did, releases, unknown, records }]) => ({
          person,
          couldSubjects: could.size,
          didSubjects: did.size,
          releases,
          unknown,
          records,
        })),
      },
      rows: this.kept,
      next: last < this.count ? last : null,
    };
  }

  private isKept(): boolean {
    const number = this.count;
    this.count += 1;
    return number >= this.window.after && number < this.window.after + this.window.limit;
  }

  private of(person: PersonId): Tally {
    let tally = this.people.get(person);
    if (tally === undefined) {
      tally = { could: new Set(), did: new Set(), releases: 0, records: 0, unknown: 0 };
      this.people.set(person, tally);
    }
    return tally;
  }
}

interface Tally {
  readonly could: Set<SubjectId>;
  readonly did: Set<SubjectId>;
  releases: number;
  records: number;
  unknown: number;
}
