/**
 * All that Custos asks of a Kafka client. A port, because the client behind it is no longer maintained: another one is
 * a file beside `kafkajs-client.ts`, and `kafka-port.kafka.spec.ts` holds it to what is written here.
 * Offsets are safe integers, times epoch milliseconds. Every failure is a Problem: kafka_unavailable, kafka_refused,
 * kafka_topic_unknown, kafka_message_too_large.
 */
export interface KafkaPort {
  /** Connected. One whose `send` failed is closed, and another one made: nobody knows what it still has under way. */
  producer(): Promise<KafkaProducer>;
  /** Resolves once this member has joined its group. */
  consume(options: ConsumeOptions): Promise<KafkaConsumer>;
  /** A topic that is there already stays as it is. */
  createTopics(topics: readonly NewTopic[]): Promise<void>;
  /** Of each partition of a topic, by number: the first offset that is still there, and the one that comes next. */
  offsets(topic: string): Promise<readonly PartitionOffsets[]>;
  /** Lets go of what the port itself has open. Producers and consumers are closed by whoever asked for them. */
  close(): Promise<void>;
}

export interface KafkaProducer {
  /**
   * Resolves once every in-sync replica has every message. Messages of one key go to one partition, in this order
   * (murmur2 of the key, as Java's client does it). Rejected, none, some or all of them may be there or still come.
   * One call at a time, or the order is not kept.
   */
  send(topic: string, messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

export interface OutgoingMessage {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Left out: now. A broker refuses what is an hour ahead, and counts a topic's retention from it. */
  readonly at?: number;
}

export interface ConsumeOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** Partitions whose batches are handled at the same time; 1 if left out. */
  readonly concurrency?: number;
  /** Of one fetch of one partition, in bytes; one larger message still comes. Bounds memory, times partitions. */
  readonly maxBytesPerPartition?: number;
  /** Silent for longer, a member loses its partitions. While a batch is handled the client is not silent. */
  readonly sessionTimeoutMs?: number;
  /**
   * These partitions are this member's now; says where each goes on, from `low` to `high`. No message of theirs comes
   * before this resolves. Kafka is not asked where the group was: positions are the caller's. A rejection, a partition
   * left out, or an offset outside stops the consumer; whether a gap below `low` is a loss is for the caller to say.
   */
  onAssigned(partitions: readonly AssignedPartition[]): Promise<readonly PartitionPosition[]>;
  /**
   * The next messages of a partition; no other batch of it comes before this resolves. A rejection stops the consumer,
   * and nobody counts the batch as handled.
   */
  onBatch(batch: Batch): Promise<void>;
  /** These partitions may be another member's from now on. Batches of theirs under way have an aborted `signal`. */
  onRevoked(partitions: readonly TopicPartition[]): void;
  /** The consumer has ended by itself, with this; called once, and not after `close`. It does not come back. */
  onStopped(error: unknown): void;
}

export interface KafkaConsumer {
  /** For health: a member that fetches and is level with `high` is well, one that does not move is not. */
  progress(): ConsumerProgress;
  /** Aborts the batches under way, waits for their end, and leaves the group. */
  close(): Promise<void>;
}

export interface ConsumerProgress {
  /** When the broker last answered a fetch, also one without messages. */
  readonly fetchedAt: number | undefined;
  /** What is assigned; `next` is the offset after the last message handled, `high` the end as last heard of. */
  readonly partitions: readonly (TopicPartition & { readonly next: number; readonly high: number })[];
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}
export interface PartitionPosition extends TopicPartition {
  readonly offset: number;
}
export interface PartitionOffsets {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}
export type AssignedPartition = TopicPartition & PartitionOffsets;

export interface Batch extends TopicPartition {
  /** At least one. Offsets ascend from the position on; they may have gaps (transactions, compaction, retention). */
  readonly messages: readonly IncomingMessage[];
  readonly high: number;
  /** Aborted once the partition may be another member's, and when the consumer stops. */
  readonly signal: AbortSignal;
}

export interface IncomingMessage {
  readonly offset: number;
  readonly at: number;
  readonly key: Uint8Array | undefined;
  readonly value: Uint8Array | undefined;
  /** The last one where a name comes more than once. */
  readonly headers: Readonly<Record<string, Uint8Array>>;
}

export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Left out: as the broker is set. */
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
}
