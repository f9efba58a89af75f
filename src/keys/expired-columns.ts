import type { FieldName } from '../log/fields.js';
import type { EntryOf } from '../log/header.js';
import { expiryOf, type Retention } from './retention.js';
import type { ExpiredColumn } from './keyholder-port.js';

type Batch = EntryOf<'session.batch'>;
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where a batch reaches out of a range, the time of each record must be opened to tell which are inside. */
export const isCut = ({ data }: Batch, range: Range): boolean => data.from < range.from || data.to > range.to;

export interface LeftOfColumns {
  /** One a field, for all batches together; `records` is an upper bound. */
  readonly expired: readonly ExpiredColumn[];
  /** Columns of these fields that can still be opened. */
  readonly left: number;
}

/** What retention has taken from these fields of some batches, by their headers alone. */
export function leftOfColumns(
  retention: Retention,
  batches: readonly Batch[],
  fields: readonly FieldName[],
  range: Range,
): LeftOfColumns {
  const expired = new Map<FieldName, ExpiredColumn>();
  let left = 0;
  for (const batch of batches) {
    const time = isCut(batch, range) ? expiryOf(retention, 'time', batch.at) : undefined;
    for (const { field } of batch.columns.filter((column) => fields.includes(column.field))) {
      const expiry = expiryOf(retention, field, batch.at) ?? time;
      if (expiry === undefined) left += 1;
      else {
        const records = (expired.get(field)?.records ?? 0) + batch.data.count;
        expired.set(field, { field, position: expiry.position, records });
      }
    }
  }
  return { expired: [...expired.values()], left };
}
