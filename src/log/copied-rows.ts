/** "PGCOPY\n\xff\r\n\0", flags, and the length of an extension that does not exist yet (PostgreSQL, COPY). */
const signatureBytes = 19;

/** Walks over rows without making anything of them: after `next`, column `i` lies from `from[i]` to `to[i]`. */
export class CopiedRows {
  readonly from: Int32Array;
  /** -1 where the column is NULL. */
  readonly to: Int32Array;
  private readonly view: DataView;
  private at = signatureBytes;

  constructor(
    readonly bytes: Uint8Array,
    private readonly columns: number,
  ) {
    this.from = new Int32Array(columns);
    this.to = new Int32Array(columns);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  next(): boolean {
    const { view, from, to, columns } = this;
    const present = view.getInt16(this.at);
    if (present === -1) return false;
    if (present !== columns) throw new Error('COPY: another number of columns than was asked for');
    let at = this.at + 2;
    for (let column = 0; column < columns; column += 1) {
      const length = view.getInt32(at);
      at += 4;
      from[column] = at;
      to[column] = length === -1 ? -1 : (at += length);
    }
    this.at = at;
    return true;
  }

  /** Columns of fixed length: bigint, integer, boolean. */
  bigint(column: number): number {
    const at = this.from[column] as number;
    return this.view.getInt32(at) * 2 ** 32 + this.view.getUint32(at + 4);
  }

  integer(column: number): number {
    return this.view.getInt32(this.from[column] as number);
  }

  boolean(column: number): boolean {
    return this.bytes[this.from[column] as number] === 1;
  }

  /** A view, not a copy. */
  slice(column: number): Uint8Array {
    return this.bytes.subarray(this.from[column], this.to[column]);
  }

  /** These columns as they were sent, each behind its length in 4 bytes, big-endian. A view, not a copy. */
  framed(first: number, last: number): Uint8Array {
    return this.bytes.subarray((this.from[first] as number) - 4, this.to[last]);
  }

  text(column: number): string {
    return utf8.decode(this.slice(column));
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
