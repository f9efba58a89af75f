/** About 5 MB. Past it the streams written longest ago are forgotten, and read again when they are needed. */
const mostStreams = 32_768;

/**
 * The next version of streams that this process wrote lately, so that it need not be read for every append. They hold
 * at one size of the log only: whoever holds the head and finds another size forgets them all, since the entries
 * between were appended by others.
 */
export class StreamVersions {
  private size = 0;
  private readonly next = new Map<string, number>();

  constructor(private readonly most = mostStreams) {}

  /** What is known at a head of this size. */
  at(size: number): ReadonlyMap<string, number> {
    if (size !== this.size) this.next.clear();
    this.size = size;
    return this.next;
  }

  /** Read at the size last asked for: with the head held, or as it is still believed to be. */
  learn(versions: Iterable<readonly [string, number]>): void {
    for (const [stream, next] of versions) this.next.set(stream, next);
  }

  /** What was adopted last may never have come to be. */
  forget(): void {
    this.next.clear();
  }

  /** The log has grown to `size` by entries of ours, which left these streams at these versions. */
  adopt(size: number, versions: ReadonlyMap<string, number>): void {
    this.size = size;
    for (const [stream, next] of versions) {
      this.next.delete(stream); // so that it stands last: the map's order is that of the last write
      this.next.set(stream, next);
    }
    for (const stream of this.next.keys()) {
      if (this.next.size <= this.most) break;
      this.next.delete(stream);
    }
  }
}
