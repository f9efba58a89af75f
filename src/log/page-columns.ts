import { hashBytes } from '../merkle/hash.js';
import { fieldNames, type FieldName } from './fields.js';

export interface ListedColumn {
  /** Time of its entry. */
  readonly at: number;
  readonly field: FieldName;
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

/**
 * What the headers of a page say of its sealed columns, as numbers end to end: it comes back from another thread, and
 * an object for each of some ten thousand columns would cost more than to hash them.
 */
export class PageColumns {
  count = 0;
  private times = new Float64Array(room);
  private sizes = new Float64Array(room);
  private fields = new Uint8Array(room);
  private hashes = new Uint8Array(room * hashBytes);
  /** Of entry `from + i`: its columns are those from `ends[i - 1]` to `ends[i]`. */
  private readonly ends: Uint32Array;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    this.ends = new Uint32Array(to - from);
  }

  /** It has no methods on the other side of a thread. */
  static received(columns: PageColumns): PageColumns {
    return Object.setPrototypeOf(columns, PageColumns.prototype) as PageColumns;
  }

  /** The next column, of the entry that `endEntry` names. */
  add({ at, field, bytes, sha256 }: ListedColumn): void {
    const index = this.count;
    if (index === this.times.length) this.grow();
    this.times[index] = at;
    this.sizes[index] = bytes;
    this.fields[index] = fieldNames.indexOf(field);
    this.hashes.set(sha256, index * hashBytes);
    this.count += 1;
  }

  /** Once for every position, in order, after its columns. */
  endEntry(position: number): void {
    this.ends[position - this.from] = this.count;
  }

  /** The index of a column; undefined if its entry lists none of that field. */
  find(position: number, field: FieldName): number | undefined {
    const wanted = fieldNames.indexOf(field);
    const entry = position - this.from;
    const end = this.ends[entry] ?? 0;
    for (let index = entry === 0 ? 0 : (this.ends[entry - 1] ?? 0); index < end; index += 1) {
      if (this.fields[index] === wanted) return index;
    }
    return undefined;
  }

  at(index: number): number {
    return this.times[index] as number;
  }

  field(index: number): FieldName {
    return fieldNames[this.fields[index] as number] as FieldName;
  }

  bytes(index: number): number {
    return this.sizes[index] as number;
  }

  sha256(index: number): Uint8Array {
    return this.hashes.subarray(index * hashBytes, (index + 1) * hashBytes);
  }

  position(index: number): number {
    return this.from + this.ends.findIndex((end) => end > index);
  }

  private grow(): void {
    const wider = <A extends Float64Array | Uint8Array>(old: A, fresh: A): A => (fresh.set(old), fresh);
    this.times = wider(this.times, new Float64Array(2 * this.times.length));
    this.sizes = wider(this.sizes, new Float64Array(2 * this.sizes.length));
    this.fields = wider(this.fields, new Uint8Array(2 * this.fields.length));
    this.hashes = wider(this.hashes, new Uint8Array(2 * this.hashes.length));
  }
}

const room = 4096;
