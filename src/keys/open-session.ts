import type { FieldName } from '../log/fields.js';
import type { Expiry } from './retention.js';
import { Problem } from '../problem.js';
import type { ColumnValue } from '../sealing/column.js';
import { isCut } from './expired-columns.js';
import type { ExpiredColumn, OpenedBatch } from './keyholder-port.js';
import { countedBatches } from './released-batches.js';
import { SessionColumns, type Batch, type OpenSession } from './session-columns.js';

/** Epoch milliseconds, and the record's own way of telling its time, if it has one. */
type TimeValue = [time: number, raw?: ColumnValue];

/** Opens the granted columns of a session, batch by batch, and touches no other. */
export async function* openSession(session: OpenSession): AsyncGenerator<OpenedBatch> {
  const { reader, asked, range } = session;
  const entries = await reader.session(asked.session, asked.versions);
  const { batches, records } = countedBatches(entries, range);
  // The budget was charged by the service's count: a smaller one than ours would be a way around it.
  if (records > asked.records) throw new Problem('keyholder_refused');
  const columns = new SessionColumns(session, entries);
  try {
    for (const batch of batches) {
      let opened = await openBatch(session, columns, batch);
      // Whoever reads slowly may have let days pass since the batch before: what was given up meanwhile goes no further.
      while (isWorth(opened) && !(await columns.areCurrent())) opened = await openBatch(session, columns, batch);
      if (isWorth(opened)) yield opened;
    }
  } finally {
    columns.wipe();
  }
}

const isWorth = ({ sequences, expired }: OpenedBatch): boolean => sequences.length + expired.length > 0;

async function openBatch({ asked, range }: OpenSession, columns: SessionColumns, batch: Batch): Promise<OpenedBatch> {
  const { first, count } = batch.data;
  const expired: ExpiredColumn[] = [];
  const gone = ({ position }: Expiry, field: FieldName) => void expired.push({ field, position, records: count });
  const fields = [...new Set<FieldName>(['time', ...asked.fields])];
  const found = new Map(
    await Promise.all(fields.map(async (field) => [field, await columns.find(batch, field)] as const)),
  );
  const open = (field: FieldName) => columns.open(batch, field, found.get(field) ?? { kind: 'absent' });
  // Each record's time is sealed too. It is opened to cut at the grant's range, and released only if granted.
  const time = await open('time');
  if (time.kind === 'absent') throw new Problem('tampered', { position: batch.position });
  if (time.kind === 'expired' && isCut(await columns.signed(batch), range)) {
    // Which records are in the range cannot be told any more, so none is.
    for (const field of asked.fields) if (has(batch, field)) gone(time, field);
    return { sequences: [], times: [], columns: {}, expired };
  }
  const times = time.kind === 'opened' ? (time.values as TimeValue[]) : undefined;
  const opened: [FieldName, readonly ColumnValue[]][] = [];
  for (const field of asked.fields) {
    const column = field === 'time' ? time : await open(field);
    if (column.kind === 'expired') gone(column, field);
    if (column.kind === 'opened') opened.push([field, field === 'time' ? rawTimes(times) : column.values]);
  }
  // Records that hold nothing of what was granted stay out: how many there are between two others is content too.
  const timesGranted = times !== undefined && asked.fields.includes('time');
  const released = Array.from({ length: count }, (_, index) => index).filter((index) => {
    const at = times?.[index]?.[0];
    const inRange = times === undefined || (at !== undefined && at >= range.from && at <= range.to);
    return inRange && (timesGranted || opened.some(([, values]) => values[index] !== undefined));
  });
  return {
    sequences: released.map((index) => first + index),
    times: timesGranted ? released.map((index) => times[index]?.[0] as number) : [],
    columns: Object.fromEntries(opened.map(([field, values]) => [field, released.map((index) => values[index])])),
    expired,
  };
}

const rawTimes = (times: readonly TimeValue[] = []) => times.map(([, raw]) => raw);
const has = ({ columns }: Batch, field: FieldName) => columns.some((column) => column.field === field);
