import type { Position } from './ids.js';

/** An entry as it is hashed; nothing of it was verified. */
export interface Followed {
  readonly position: Position;
  readonly header: Uint8Array;
}

/** The longest part of the tail that is kept for all followers together, in entries and in bytes of headers. */
const mostEntries = 2048;
const mostBytes = 4 * 1024 * 1024;

/**
 * The last entries, without a gap, once for all followers: whoever keeps up costs the database nothing. It is never
 * longer than its bounds, however slow somebody is; who has fallen out of it reads from the database.
 */
export class TailWindow {
  private entries: Followed[] = [];
  private bytes = 0;

  /** `end` is the position that comes next. */
  constructor(private nextPosition: number) {}

  get end(): number {
    return this.nextPosition;
  }

  get start(): number {
    return this.nextPosition - this.entries.length;
  }

  add(entries: readonly Followed[]): void {
    for (const entry of entries) {
      if (entry.position !== this.nextPosition) throw new Error('tail: an entry that does not come next');
      this.entries.push(entry);
      this.bytes += entry.header.length;
      this.nextPosition += 1;
    }
    this.shorten();
  }

  /** Up to `limit` entries from a position in the window, or from its end on none. */
  from(position: number, limit: number): readonly Followed[] {
    if (position < this.start || position > this.nextPosition) throw new RangeError('position: not in the window');
    const offset = position - this.start;
    return this.entries.slice(offset, offset + limit);
  }

  private shorten(): void {
    let dropped = 0;
    while (this.entries.length - dropped > mostEntries || this.bytes > mostBytes) {
      this.bytes -= this.entries[dropped]?.header.length ?? 0;
      dropped += 1;
    }
    if (dropped > 0) this.entries = this.entries.slice(dropped);
  }
}
