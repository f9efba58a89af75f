import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { PersonId, SessionId, SubjectId } from '../log/ids.js';
import { Projector } from './projections/projector.js';
import type { ReleaseMade } from './projections/releases.js';

export interface ReleaseFilter {
  readonly person?: PersonId;
  readonly subject?: SubjectId;
  readonly session?: SessionId;
  /** Only those of which nobody knows what became. */
  readonly unknown?: boolean;
}

export interface Release extends ReleaseMade {
  readonly outcome: string;
  readonly completed: number | null;
}

export interface ReleasesAnswer {
  /** What is said is about the log's first `position` entries. */
  readonly position: number;
  /** Why nothing later is known, or null. */
  readonly stopped: string | null;
  readonly releases: readonly Release[];
  /** What to ask for as `before` to get the ones before them; null if there are none. */
  readonly next: number | null;
}

/**
 * The latest releases first, out of a table: for looking around quickly. It proves nothing: `history exposure` answers
 * from the log, and `custos log proof` proves the entry at a position.
 */
export class ListReleases extends Query<ReleasesAnswer> {
  constructor(
    readonly filter: ReleaseFilter,
    readonly window: { readonly before?: number | undefined; readonly limit: number },
  ) {
    super();
  }
}

type Row = { [K in keyof Release]: Release[K] | null } & { upTo: number; stopped: string | null };

@QueryHandler(ListReleases)
export class ListReleasesHandler implements IQueryHandler<ListReleases> {
  constructor(private readonly projector: Projector) {}

  async execute({ filter, window: { before, limit } }: ListReleases): Promise<ReleasesAnswer> {
    const { person, subject, session, unknown = false } = filter;
    const rows = await this.projector.ask<Row>(
      `SELECT b.position AS "upTo", b.stopped, r.* FROM history.build b LEFT JOIN LATERAL (
         SELECT position, at, person, subject, session, request, fields, records, outcome, completed
         FROM history.release WHERE build = b.build AND ($1::bigint IS NULL OR position < $1)
           AND ($2::text IS NULL OR person = $2) AND ($3::text IS NULL OR subject = $3)
           AND ($4::text IS NULL OR session = $4) AND (NOT $5 OR outcome IS NULL)
         ORDER BY position DESC LIMIT $6) r ON true
       WHERE b.projection = 'releases' AND b.live ORDER BY r.position DESC`,
      // One more says whether there are more.
      [before ?? null, person ?? null, subject ?? null, session ?? null, unknown, limit + 1],
    );
    const [first] = rows;
    const found = rows.flatMap(({ upTo: _upTo, stopped: _stopped, outcome, ...row }) =>
      row.position === null ? [] : [{ ...row, outcome: outcome ?? 'unknown' } as Release],
    );
    const releases = found.slice(0, limit);
    return {
      position: first?.upTo ?? 0,
      stopped: first === undefined ? 'not_built' : first.stopped,
      releases,
      next: found.length > limit ? (releases.at(-1)?.position ?? null) : null,
    };
  }
}
