import { isDeepStrictEqual } from 'node:util';
import type { Parts } from '../src/capture/formats/format.js';
import type { Json } from '../src/capture/formats/format.js';
import type { BodyStore } from '../src/log/body-store.js';
import type { FieldName } from '../src/log/fields.js';
import type { EntryOf } from '../src/log/header.js';
import type { SessionId } from '../src/log/ids.js';
import type { LogReader } from '../src/log/log-reader.js';
import { lowered } from '../src/capture/detection/lowered.js';
import type { ColumnValue } from '../src/sealing/column.js';
import { openColumn } from '../src/sealing/open-column.js';
import type { Secret } from '../src/sealing/secret.js';
import { columnKey } from '../src/sealing/session-key.js';
import type { Recording } from './recordings.js';

interface Stored {
  readonly origin: string;
  readonly reader: LogReader;
  readonly bodies: BodyStore;
}

/** Whether the log holds exactly these records, once and in order, and what it sealed opens to the same data. */
export async function holdsSame(
  { origin, reader, bodies }: Stored,
  session: SessionId,
  sessionKey: Secret,
  { format }: Recording,
  sent: readonly { readonly time: number; readonly data: Json }[],
): Promise<boolean> {
  const entries = await reader.session(session);
  const batches = entries.filter((entry): entry is EntryOf<'session.batch'> => entry.type === 'session.batch');
  let next = 0;
  for (const { id, position, data, columns } of batches) {
    if (data.first !== next) return false;
    next += data.count;
    const opened = new Map<FieldName, readonly ColumnValue[]>();
    for (const { field } of columns) {
      const sealed = await bodies.column(position, field);
      const { count, catalogue } = data;
      const binding = { origin, session, entry: id, field, count, catalogue };
      const column = sealed && openColumn(columnKey(sessionKey, field), binding, new Uint8Array(sealed));
      if (column?.kind !== 'opened') return false;
      opened.set(field, column.values);
    }
    for (let index = 0; index < data.count; index += 1) {
      const record = sent[data.first + index];
      const { time: times, ...rest } = Object.fromEntries([...opened].map(([field, all]) => [field, all[index]]));
      const [time, told] = times as [number, ColumnValue?];
      const present = Object.entries({ ...rest, time: told }).filter(([, value]) => value !== undefined);
      const data_ = format.reassemble(lowered(Object.fromEntries(present) as Parts));
      if (time !== record?.time || !isDeepStrictEqual(data_, record.data)) return false;
    }
  }
  return next === sent.length;
}
