import { randomBytes } from 'node:crypto';
import type { Draft, SealedColumn } from '../log/draft.js';
import type { TagCounts } from '../log/entries.js';
import { catalogueVersion, fieldNames, type FieldName } from '../log/fields.js';
import type { SessionId, SubjectId } from '../log/ids.js';
import { sealColumn, type ColumnValue } from '../sealing/column.js';
import { columnKey } from '../sealing/session-key.js';
import { tags, type Tag } from './detection/detect.js';
import type { Parts } from './formats/format.js';
import type { Epoch } from './open-sessions.js';

/** Records of one batch: a grant that cuts through a batch costs the keyholder this many records at most. */
const mostInABatch = 512;

export interface RecordToSeal {
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly parts: Parts;
  readonly tags: ReadonlySet<Tag>;
}

export interface SealTo {
  readonly origin: string;
  readonly session: SessionId;
  readonly subject: SubjectId;
  readonly epoch: Epoch;
}

export interface SealedRecords {
  readonly batches: readonly Draft<'session.batch'>[];
  /** Sequence numbers of records that no column can hold, not even alone. */
  readonly refused: readonly number[];
}

/** Seals consecutive runs of records into batch entries, one sealed column a field. */
export function sealRecords(records: readonly RecordToSeal[], to: SealTo): SealedRecords {
  const sealed = runs(records).map((run) => sealRun(run, to));
  return { batches: sealed.flatMap(({ batches }) => batches), refused: sealed.flatMap(({ refused }) => refused) };
}

/** A column that would be too large (sealing/json-data.ts, columnBytesLimit) is two; most runs are one. */
function sealRun(run: readonly RecordToSeal[], to: SealTo): SealedRecords {
  try {
    return { batches: [sealBatch(run, to)], refused: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (run.length === 1) return { batches: [], refused: run.map(({ sequence }) => sequence) };
    const half = run.length >> 1;
    const [left, right] = [sealRun(run.slice(0, half), to), sealRun(run.slice(half), to)];
    return { batches: [...left.batches, ...right.batches], refused: [...left.refused, ...right.refused] };
  }
}

function sealBatch(run: readonly RecordToSeal[], { origin, session, subject, epoch }: SealTo): Draft<'session.batch'> {
  const id = randomBytes(16);
  const count = run.length;
  const times = run.map(({ time }) => time);
  const columns = fieldsIn(run).map((field): SealedColumn => {
    const values = run.map((record) => valueOf(record, field));
    const key = columnKey(epoch.key, field);
    try {
      const context = { origin, session, entry: id, field, count, catalogue: catalogueVersion };
      return { field, sealed: sealColumn(key, context, values) };
    } finally {
      key.wipe();
    }
  });
  return {
    type: 'session.batch',
    stream: `session/${session}`,
    subject,
    id,
    data: {
      session,
      epoch: epoch.id,
      first: run[0]?.sequence ?? 0,
      count,
      from: Math.min(...times),
      to: Math.max(...times),
      catalogue: catalogueVersion,
      ...tagCounts(run),
    },
    columns,
  };
}

function tagCounts(run: readonly RecordToSeal[]): { tags?: TagCounts } {
  const counts = tags.flatMap((tag) => {
    const count = run.filter((record) => record.tags.has(tag)).length;
    return count === 0 ? [] : [[tag, count] as const];
  });
  return counts.length === 0 ? {} : { tags: Object.fromEntries(counts) };
}

/** Fields of which some record has a value, in the order of the catalogue. */
function fieldsIn(run: readonly RecordToSeal[]): FieldName[] {
  const found = new Set<string>(['time']);
  for (const { parts } of run) {
    for (const field in parts) if (parts[field as FieldName] !== undefined) found.add(field);
  }
  return fieldNames.filter((field) => found.has(field));
}

/** Every record has a time, so that a range of time can cut: [epoch ms, the record's own telling of it]. */
function valueOf({ time, parts }: RecordToSeal, field: FieldName): ColumnValue {
  if (field !== 'time') return parts[field];
  return parts.time === undefined ? [time] : [time, parts.time];
}

function runs(records: readonly RecordToSeal[]): RecordToSeal[][] {
  const found: RecordToSeal[][] = [];
  for (const record of records) {
    const run = found.at(-1);
    const last = run?.at(-1);
    if (run === undefined || last?.sequence !== record.sequence - 1 || run.length === mostInABatch)
      found.push([record]);
    else run.push(record);
  }
  return found;
}
