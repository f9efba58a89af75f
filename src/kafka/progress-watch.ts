import type { ConsumerProgress, TopicPartition } from './kafka-port.js';

/**
 * Whether a consumer moves. kafkajs was seen to go silent without an error, so being connected says nothing: what
 * counts is that offsets move, or that the broker answers and has nothing more. Pure but for what it remembers.
 */
export class ProgressWatch {
  private readonly next = new Map<string, number>();
  private movedAt: number;

  /** `now`: epoch milliseconds, as everywhere here. */
  constructor(now: number) {
    this.movedAt = now;
  }

  /**
   * How long it has stood still, in milliseconds, with messages before it or nobody to say that there are none.
   * Undefined is a consumer that has not joined its group: it does not move.
   */
  stoodStill(progress: ConsumerProgress | undefined, now: number): number {
    if (progress !== undefined) this.look(progress, now);
    return now - this.movedAt;
  }

  private look({ partitions, fetchedAt = 0 }: ConsumerProgress, now: number): void {
    // A partition that is new here has not moved by that: another member may have stood still on it.
    const hasMoved = partitions.some((one) => one.next !== (this.next.get(nameOf(one)) ?? one.next));
    for (const one of partitions) this.next.set(nameOf(one), one.next);
    // A member without a partition has nothing to fetch; whether it is still one is its client's to say.
    if (hasMoved || partitions.length === 0) this.movedAt = now;
    else if (partitions.every(({ next, high }) => next >= high)) this.movedAt = Math.max(this.movedAt, fetchedAt);
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Messages that nobody has taken yet, of each partition. */
export const lagOf = ({ partitions }: ConsumerProgress) =>
  partitions.map(({ topic, partition, next, high }) => ({ topic, partition, lag: Math.max(0, high - next) }));
