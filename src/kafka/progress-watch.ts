import type { ConsumerProgress } from './kafka-port.js';

/**
 * Whether a consumer moves. kafkajs was seen to go silent without an error, so being connected says nothing: what
 * counts is that offsets move, or that the broker answers and has nothing more. Pure but for what it remembers.
 */
export class ProgressWatch {
  private next: string | undefined;
  private movedAt: number;

  /** `now`: epoch milliseconds, of a clock that may be turned in tests. */
  constructor(now: number) {
    this.movedAt = now;
  }

  /** How long it has stood still, in milliseconds, with messages before it or nobody to say that there are none. */
  stoodStill(progress: ConsumerProgress | undefined, now: number): number {
    const { partitions = [], fetchedAt = 0 } = progress ?? {};
    const next = JSON.stringify(partitions.map((one) => [one.topic, one.partition, one.next]));
    const isLevel = partitions.every((one) => one.next >= one.high);
    // A member without a partition has nothing to fetch; whether it is still one is its client's to say.
    if (progress !== undefined && partitions.length === 0) this.movedAt = now;
    else if (this.next !== undefined && next !== this.next) this.movedAt = now;
    else if (isLevel) this.movedAt = Math.max(this.movedAt, fetchedAt);
    this.next = next;
    return now - this.movedAt;
  }
}

/** Messages that nobody has taken yet, of each partition. */
export const lagOf = ({ partitions }: ConsumerProgress) =>
  partitions.map(({ topic, partition, next, high }) => ({ topic, partition, lag: Math.max(0, high - next) }));
