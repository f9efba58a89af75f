import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { TagCounts } from '../log/entries.js';
import { classOf, fieldNames, type FieldClass, type FieldName } from '../log/fields.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { Position, SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { expiryOf, retentionKey, type Expiry, type Retention } from '../keys/retention.js';
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
  readonly fields: readonly FieldSummary[];
  /** How many records something was found in, by what it was. */
  readonly tags: TagCounts;
}

export interface FieldSummary {
  readonly field: FieldName;
  readonly class: FieldClass;
  /** Sealed bytes that are still there. */
  readonly bytes: number;
  /** Where columns are past their retention: their sealed bytes, and the entry that gave them up. */
  readonly expired?: { readonly bytes: number; readonly position: Position };
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
    const retention = (await this.log.refreshed()).of(retentionKey);
    return describeSession(await this.log.reader.session(session), retention);
  }
}

/** @throws Problem session_unknown if nothing was stored of it, also where all of it was suppressed. */
export function describeSession(entries: readonly Entry[], retention: Retention): SessionSummary {
  const opened = entries.find((entry) => entry.type === 'session.opened');
  if (opened?.subject === undefined) throw new Problem('session_unknown');
  const batches = entries.filter((entry): entry is EntryOf<'session.batch'> => entry.type === 'session.batch');
  const { session, format } = opened.data as EntryOf<'session.opened'>['data'];
  return {
    session,
    subject: opened.subject,
    format,
    records: batches.reduce((sum, { data }) => sum + data.count, 0),
    // Not spread: a function takes some 100,000 arguments, and a session may have more batches.
    from: batches.reduce<number | null>((least, { data }) => Math.min(least ?? Infinity, data.from), null),
    to: batches.reduce<number | null>((most, { data }) => Math.max(most ?? -Infinity, data.to), null),
    fields: fieldNames.flatMap((field) => {
      const columns = batches.flatMap(({ at, columns: all }) =>
        all.flatMap((one) => (one.field === field ? [{ bytes: one.bytes, gone: expiryOf(retention, field, at) }] : [])),
      );
      return columns.length === 0 ? [] : [summarize(field, columns)];
    }),
    tags: sumOf(batches.map(({ data }) => data.tags ?? {})),
  };
}

function sumOf(counts: readonly TagCounts[]): TagCounts {
  const sum: Record<string, number> = {};
  for (const [tag, count] of counts.flatMap((one) => Object.entries(one))) sum[tag] = (sum[tag] ?? 0) + count;
  return sum;
}

function summarize(
  field: FieldName,
  columns: readonly { readonly bytes: number; readonly gone: Expiry | undefined }[],
): FieldSummary {
  const position = columns.find(({ gone }) => gone !== undefined)?.gone?.position;
  const bytesOf = (some: typeof columns) => some.reduce((sum, { bytes }) => sum + bytes, 0);
  const gone = bytesOf(columns.filter((column) => column.gone !== undefined));
  const left = { field, class: classOf(field), bytes: bytesOf(columns) - gone };
  return position === undefined ? left : { ...left, expired: { bytes: gone, position } };
}
