import { Problem } from '../problem.js';
import type { Committed } from './draft.js';
import type { Pending } from './decide-group.js';

/** Commands and whoever waits for them. */
export interface Waiting extends Pending {
  readonly resolve: (committed: Committed<readonly unknown[]>) => void;
  readonly reject: (error: unknown) => void;
}

export interface WaitingBounds {
  /** Past these, callers are told to come back: nothing is lost in silence, and memory stays bounded. */
  readonly commands: number;
  readonly sealedBytes: number;
  /** Of one transaction, and with it of the time that every other instance waits for the head. */
  readonly groupCommands: number;
  readonly groupSealedBytes: number;
}
const bounds: WaitingBounds = {
  commands: 4096,
  sealedBytes: 64 * 1024 * 1024,
  groupCommands: 512,
  groupSealedBytes: 8 * 1024 * 1024,
};
export const retryAfterSeconds = 1;

/** Commands that wait for the head, first come first served, bounded by number and by the bytes they bring. */
export class WaitingQueue {
  private readonly waiting: Waiting[] = [];
  /** Groups that were taken and must be decided once more, with the head in hand. They come first. */
  private readonly again: (readonly Waiting[])[] = [];
  private sealedBytes = 0;

  constructor(private readonly most: WaitingBounds = bounds) {}

  get length(): number {
    return this.waiting.length + this.again.length;
  }

  /** Whether the next group is one that was put back. */
  get mustHoldHead(): boolean {
    return this.again.length > 0;
  }

  /** @throws Problem log_busy. One command is taken whatever its size, or it could never be written. */
  add(one: Waiting): void {
    const sealedBytes = this.sealedBytes + sealedBytesOf(one);
    const isFull = this.waiting.length >= this.most.commands || sealedBytes > this.most.sealedBytes;
    if (isFull && this.waiting.length > 0) throw new Problem('log_busy', { retryAfterSeconds });
    this.waiting.push(one);
    this.sealedBytes = sealedBytes;
  }

  /** Not a matter of the bounds: they were within them. */
  putBack(group: readonly Waiting[], how: 'together' | 'alone'): void {
    this.again.push(...(how === 'together' ? [group] : group.map((one) => [one])));
  }

  /** The next group: at least one command, if any waits. */
  take(most = Infinity): readonly Waiting[] {
    const [again] = this.again.splice(0, 1);
    if (again !== undefined) return again;
    let count = 0;
    let bytes = 0;
    for (const one of this.waiting) {
      bytes += sealedBytesOf(one);
      if (count > 0 && (count >= Math.min(most, this.most.groupCommands) || bytes > this.most.groupSealedBytes)) break;
      count += 1;
    }
    const group = this.waiting.splice(0, count);
    for (const one of group) this.sealedBytes -= sealedBytesOf(one);
    return group;
  }
}

const sealedBytesOf = ({ commands }: Pending): number => commands.reduce((sum, one) => sum + one.sealedBytes, 0);
