import pg from 'pg';

/**
 * Rows of a query by COPY in binary form, in memory that all threads share. A header costs PostgreSQL and us 1.7 µs that
 * way; as a row of a SELECT, where pg makes hex of bytes and objects of rows, 6 (measured).
 * `sql` takes no parameters: nothing but numbers of ours may stand in it. `memory` is written over, so whoever gives it
 * is done with the rows in it; it is left behind if it is too small.
 */
export const copyRows = (client: pg.ClientBase, sql: string, memory?: ArrayBufferLike): Promise<Uint8Array> =>
  client.query(new CopyOut(sql, memory)).copied;

/** One of pg's queries, which a connection takes in pipeline mode too, that keeps what COPY sends. */
class CopyOut extends pg.Query {
  readonly copied: Promise<Uint8Array>;
  private bytes: Uint8Array;
  private length = 0;

  constructor(sql: string, memory: ArrayBufferLike = new SharedArrayBuffer(firstBytes)) {
    super(`COPY (${sql}) TO STDOUT (FORMAT binary)`);
    this.bytes = new Uint8Array(memory);
    this.copied = new Promise((resolve, reject) => {
      // Called once, at the end or at the first error; @types/pg does not know it.
      (this as unknown as { callback: (error: unknown) => void }).callback = (error) =>
        error ? reject(error) : resolve(this.bytes.subarray(0, this.length));
    });
  }

  /** Copied at once: pg uses the memory again for what it reads next. */
  handleCopyData({ chunk }: { chunk: Uint8Array }): void {
    if (this.length + chunk.length > this.bytes.length) this.grow(chunk.length);
    this.bytes.set(chunk, this.length);
    this.length += chunk.length;
  }

  private grow(by: number): void {
    const larger = new Uint8Array(new SharedArrayBuffer(Math.max(2 * this.bytes.length, this.length + by)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** It doubles from there, which costs nothing beside the rows that it takes to need it. */
const firstBytes = 256 * 1024;

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

  text(column: number): string {
    return utf8.decode(this.slice(column));
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
