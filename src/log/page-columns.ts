import { fieldNames, type FieldName } from './field-catalogue.js';
import type { Entry } from './header.js';
import { columnAt, type HeaderScan } from './header-scan.js';
import { fields } from './name-table.js';

export interface ListedColumn {
  readonly field: FieldName;
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

/** What the headers of a page say of its sealed columns. */
export interface PageColumns {
  readonly from: number;
  readonly to: number;
  /** For each field that is listed, the time of the last entry that lists it. */
  readonly latest: ReadonlyMap<FieldName, number>;
  /** Time of an entry. Both are asked of entries of the page only. */
  at(position: number): number;
  of(position: number): readonly ListedColumn[];
}

/**
 * Where the lists stand in the memory of a page. They stay there until a column is asked for: most pages of a log are
 * past their retention, and to copy out some ten thousand columns would cost more than all else that is done with them.
 */
export class ColumnPlaces {
  private readonly latest = new Float64Array(fieldNames.length).fill(-1);
  private readonly times: Float64Array;
  private readonly starts: Uint32Array;
  private readonly counts: Uint32Array;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    this.times = new Float64Array(to - from);
    this.starts = new Uint32Array(to - from);
    this.counts = new Uint32Array(to - from);
  }

  /** Of the header that was passed last, in order of their times. False if a field is none of ours. */
  add(bytes: Uint8Array, { position, at, columns, columnsFrom }: HeaderScan): boolean {
    const index = position - this.from;
    this.times[index] = at;
    this.starts[index] = columnsFrom;
    this.counts[index] = columns;
    let next = columnsFrom;
    for (let left = columns; left > 0; left -= 1) {
      const { fieldFrom, fieldTo, end } = columnAt(bytes, next);
      const field = fields.indexAt(bytes, fieldFrom, fieldTo);
      if (field === -1) return false;
      this.latest[field] = at;
      next = end;
    }
    return true;
  }

  /** `places` may come from another thread, which leaves its methods behind. */
  static columns(places: ColumnPlaces, memory: Uint8Array): PageColumns {
    const { from, to, latest, times, starts, counts } = places;
    return {
      from,
      to,
      latest: new Map(
        fieldNames.map((field, index) => [field, latest[index] ?? -1] as const).filter(([, at]) => at >= 0),
      ),
      at: (position) => times[position - from] as number,
      of: (position) => listed(memory, starts[position - from] as number, counts[position - from] as number),
    };
  }
}

function listed(memory: Uint8Array, from: number, count: number): ListedColumn[] {
  let next = from;
  return Array.from({ length: count }, () => {
    const { fieldFrom, fieldTo, bytes, sha256From, end } = columnAt(memory, next);
    next = end;
    const field = fields.at(memory, fieldFrom, fieldTo) as FieldName;
    return { field, bytes, sha256: memory.subarray(sha256From, end) };
  });
}

/** The same of a page whose entries were decoded one by one; those that nobody knows list nothing. */
export function columnsOfEntries(from: number, to: number, entries: readonly Entry[]): PageColumns {
  const known = new Map(entries.map((entry) => [entry.position as number, entry]));
  const latest = new Map<FieldName, number>();
  for (const { at, columns } of entries) {
    for (const { field } of columns) latest.set(field, Math.max(at, latest.get(field) ?? 0));
  }
  return {
    from,
    to,
    latest,
    at: (position) => known.get(position)?.at ?? 0,
    of: (position) => known.get(position)?.columns ?? [],
  };
}
