import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log/log.js';
import type {
  AssignedPartition,
  Batch,
  ConsumerProgress,
  IncomingMessage,
  KafkaConsumer,
  KafkaPort,
  PartitionPosition,
  TopicPartition,
} from './kafka-port.js';
import { isPassing, TakenPartition, type TakenListener } from './taken-partition.js';

/** Of one command: what it writes waits for the head in memory, and each of them may be refused by name in one header. */
const mostMessages = 512;
const mostBytes = 4 * 1024 * 1024;
/** Partitions taken at the same time share transactions of the log. */
const concurrency = 8;
const longestPauseMs = 1000;

export interface TopicsToTake {
  readonly topics: readonly string[];
  readonly group: string;
  /** Silent for longer, a member loses its partitions; left out, as the client has it. */
  readonly sessionTimeoutMs?: number;
}

export interface TopicsListener extends TakenListener {
  /** The broker had deleted so many offsets before they were taken. */
  lost(of: TopicPartition, offsets: number): void;
}

/** One life of a consumer: from joining the group until it is closed, or has ended by itself. */
export class TopicsTaker {
  private readonly partitions = new Map<string, TakenPartition>();
  private readonly closing = new AbortController();
  private consumer: KafkaConsumer | undefined;
  private ended!: (error: unknown) => void;
  /** Resolves with the reason once this one has ended by itself. */
  readonly end = new Promise<unknown>((ended) => (this.ended = ended));

  constructor(
    private readonly kafka: KafkaPort,
    private readonly log: Log,
    private readonly listener: TopicsListener,
  ) {}

  /** @throws Problem kafka_unavailable, kafka_refused, kafka_topic_unknown */
  async start({ topics, group, sessionTimeoutMs }: TopicsToTake): Promise<void> {
    const consumer = await this.kafka.consume({
      group,
      topics,
      concurrency,
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      onAssigned: (assigned) => Promise.all(assigned.map((one) => this.resume(one))),
      onBatch: (batch) => this.take(batch),
      onRevoked: (revoked) => {
        for (const one of revoked) this.partitions.delete(nameOf(one));
      },
      onStopped: (error) => this.ended(error),
    });
    this.consumer = consumer;
    // Closed while it was joining: nobody else knows of it.
    if (this.closing.signal.aborted) await consumer.close();
  }

  progress(): ConsumerProgress | undefined {
    return this.consumer?.progress();
  }

  /** What is under way is given up; nothing is lost by that, since the position is the log's. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.consumer?.close();
  }

  /** Where the log is: never where the group was. */
  private async resume(of: AssignedPartition): Promise<PartitionPosition> {
    const { topic, partition, low } = of;
    const taken = new TakenPartition(this.log, { topic, partition }, this.listener);
    await this.passOverLost(taken, of, low);
    this.partitions.set(nameOf(of), taken);
    return { topic, partition, offset: (await taken.position()).next };
  }

  private async passOverLost(taken: TakenPartition, { topic, partition }: TopicPartition, low: number): Promise<void> {
    const offsets = await taken.goOnFrom(low);
    if (offsets > 0) this.listener.lost({ topic, partition }, offsets);
  }

  /**
   * Until it is taken, or the partition is another member's: while the log is slow nothing more of this partition is
   * fetched, so what waits in memory is one fetch of each.
   */
  private async take({ messages, ...of }: Batch): Promise<void> {
    const taken = this.partitions.get(nameOf(of));
    if (taken === undefined) return; // revoked since
    const signal = AbortSignal.any([of.signal, this.closing.signal]);
    await untilItPasses(taken, signal, () => this.lookForLost(taken, of, messages));
    for (const some of inCommands(messages)) await untilItPasses(taken, signal, () => taken.take(some));
  }

  /** Offsets that are no messages leave gaps as well: only what lies below the first that the broker has is lost. */
  private async lookForLost(
    taken: TakenPartition,
    of: TopicPartition,
    [first]: readonly IncomingMessage[],
  ): Promise<void> {
    if (first === undefined || first.offset <= (await taken.position()).next) return;
    const offsets = await this.kafka.offsets(of.topic);
    const low = offsets.find(({ partition }) => partition === of.partition)?.low ?? 0;
    await this.passOverLost(taken, of, Math.min(low, first.offset));
  }
}

async function untilItPasses(taken: TakenPartition, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      // Whatever became of it, the log says where to go on: what was written already is passed over.
      taken.forget();
      if (!isPassing(error)) throw error;
      await sleep(Math.min(longestPauseMs, attempt * 50), undefined, { signal });
    }
  }
}

/** In order, each within the bounds of one command; a larger message is one by itself. */
export function inCommands(messages: readonly IncomingMessage[]): IncomingMessage[][] {
  const commands: IncomingMessage[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = message.value?.length ?? 0;
    const last = commands.at(-1);
    if (last === undefined || last.length >= mostMessages || bytes + size > mostBytes) {
      commands.push([message]);
      bytes = size;
    } else {
      last.push(message);
      bytes += size;
    }
  }
  return commands;
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
