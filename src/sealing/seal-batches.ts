import { sealColumn, type ColumnValue } from './column.js';
import { randomBytes } from './random.js';
import type { Secret } from './secret.js';
import { columnKey } from './session-key.js';

/** Records of one batch: a grant that cuts through a batch costs the keyholder this many records at most. */
export const mostRecordsInABatch = 512;

export interface RecordToSeal {
  readonly sequence: number;
  /** Epoch milliseconds. */
  readonly time: number;
  /** Values by the name of their field. */
  readonly parts: Readonly<Partial<Record<string, ColumnValue>>>;
  readonly tags: ReadonlySet<string>;
}

/** What fields there are, in their order, and which version says so. */
export interface Catalogue {
  readonly version: number;
  readonly fields: readonly string[];
}

export interface SealTo {
  readonly origin: string;
  readonly session: string;
  readonly catalogue: Catalogue;
  readonly epoch: { readonly id: Uint8Array; readonly key: Secret };
}

export interface SealedBatch {
  /** 16 random bytes: the id of the entry that will carry it. */
  readonly id: Uint8Array;
  readonly data: {
    readonly epoch: Uint8Array;
    readonly first: number;
    readonly count: number;
    /** Earliest and latest time of a record, epoch milliseconds. */
    readonly from: number;
    readonly to: number;
    readonly catalogue: number;
    /** In how many records each tag was found, where any was. */
    readonly tags?: Readonly<Record<string, number>>;
  };
  readonly columns: readonly { readonly field: string; readonly sealed: Uint8Array }[];
}

export interface SealedRecords {
  readonly batches: readonly SealedBatch[];
  /** Sequence numbers of records that no column can hold, not even alone. */
  readonly refused: readonly number[];
}

/** Seals consecutive runs of records, in order, one sealed column a field: the service does it so, and a source too. */
export function sealBatches(records: readonly RecordToSeal[], to: SealTo): SealedRecords {
  return together(runs(records).map((run) => sealRun(run, to)));
}

const together = (sealed: readonly SealedRecords[]): SealedRecords => ({
  batches: sealed.flatMap(({ batches }) => batches),
  refused: sealed.flatMap(({ refused }) => refused),
});

/** A column that would be too large (column-pack.ts, columnBytesLimit) is two; most runs are one. */
function sealRun(run: readonly RecordToSeal[], to: SealTo): SealedRecords {
  try {
    return { batches: [sealBatch(run, to)], refused: [] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (run.length === 1) return { batches: [], refused: run.map(({ sequence }) => sequence) };
    const half = run.length >> 1;
    return together([sealRun(run.slice(0, half), to), sealRun(run.slice(half), to)]);
  }
}

function sealBatch(run: readonly RecordToSeal[], { origin, session, catalogue, epoch }: SealTo): SealedBatch {
  const id = randomBytes(16);
  const count = run.length;
  const times = run.map(({ time }) => time);
  const columns = fieldsIn(run, catalogue).map((field) => {
    const values = run.map((record) => valueOf(record, field));
    const key = columnKey(epoch.key, field);
    try {
      const context = { origin, session, entry: id, field, count, catalogue: catalogue.version };
      return { field, sealed: sealColumn(key, context, values) };
    } finally {
      key.wipe();
    }
  });
  const data = {
    epoch: epoch.id,
    first: run[0]?.sequence ?? 0,
    count,
    from: Math.min(...times),
    to: Math.max(...times),
    catalogue: catalogue.version,
    ...tagCounts(run),
  };
  return { id, data, columns };
}

function tagCounts(run: readonly RecordToSeal[]): { tags?: Readonly<Record<string, number>> } {
  const counts: Record<string, number> = {};
  for (const { tags } of run) for (const tag of tags) counts[tag] = (counts[tag] ?? 0) + 1;
  return Object.keys(counts).length === 0 ? {} : { tags: counts };
}

/** Fields of which some record has a value, in the order of the catalogue; each record has a time. */
function fieldsIn(run: readonly RecordToSeal[], { fields }: Catalogue): string[] {
  const found = new Set<string>(['time']);
  for (const { parts } of run) {
    for (const field in parts) if (parts[field] !== undefined) found.add(field);
  }
  return fields.filter((field) => found.has(field));
}

/** Every record has a time, so that a range of time can cut: [epoch ms, the record's own telling of it]. */
function valueOf({ time, parts }: RecordToSeal, field: string): ColumnValue {
  if (field !== 'time') return parts[field];
  return parts['time'] === undefined ? [time] : [time, parts['time']];
}

function runs(records: readonly RecordToSeal[]): RecordToSeal[][] {
  const found: RecordToSeal[][] = [];
  for (const record of records) {
    const run = found.at(-1);
    const last = run?.at(-1);
    if (run === undefined || last?.sequence !== record.sequence - 1 || run.length === mostRecordsInABatch)
      found.push([record]);
    else run.push(record);
  }
  return found;
}
