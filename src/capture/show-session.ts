import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { classOf, fieldNames, type FieldClass, type FieldName } from '../log/fields.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';

/** Counts, times, fields and classes: what clear headers say, and never content. */
export interface SessionSummary {
  readonly session: SessionId;
  readonly subject: SubjectId;
  readonly format: string;
  readonly records: number;
  /** Epoch milliseconds of the first and the last record, null without any. */
  readonly from: number | null;
  readonly to: number | null;
  /** `bytes` are sealed bytes. */
  readonly fields: readonly { readonly field: FieldName; readonly class: FieldClass; readonly bytes: number }[];
}

export class ShowSession extends Query<SessionSummary> {
  constructor(readonly session: SessionId) {
    super();
  }
}

@QueryHandler(ShowSession)
export class ShowSessionHandler implements IQueryHandler<ShowSession> {
  constructor(private readonly log: Log) {}

  async execute({ session }: ShowSession): Promise<SessionSummary> {
    return describeSession(await this.log.reader.session(session));
  }
}

/** @throws Problem session_unknown if nothing was stored of it, also where all of it was suppressed. */
export function describeSession(entries: readonly Entry[]): SessionSummary {
  const opened = entries.find((entry) => entry.type === 'session.opened');
  if (opened?.subject === undefined) throw new Problem('session_unknown');
  const batches = entries.filter((entry): entry is EntryOf<'session.batch'> => entry.type === 'session.batch');
  const { session, format } = opened.data as EntryOf<'session.opened'>['data'];
  return {
    session,
    subject: opened.subject,
    format,
    records: batches.reduce((sum, { data }) => sum + data.count, 0),
    from: batches.length === 0 ? null : Math.min(...batches.map(({ data }) => data.from)),
    to: batches.length === 0 ? null : Math.max(...batches.map(({ data }) => data.to)),
    fields: fieldNames.flatMap((field) => {
      const columns = batches.flatMap(({ columns: all }) => all.filter((column) => column.field === field));
      if (columns.length === 0) return [];
      return [{ field, class: classOf(field), bytes: columns.reduce((sum, { bytes }) => sum + bytes, 0) }];
    }),
  };
}
