import { setTimeout as sleep } from 'node:timers/promises';
import {
  Kafka,
  logLevel,
  Partitioners,
  type Admin,
  type IHeaders,
  type KafkaConfig,
  type Producer,
  type SASLOptions,
} from 'kafkajs';
import type {
  ConsumeOptions,
  KafkaConsumer,
  KafkaPort,
  KafkaProducer,
  NewTopic,
  OutgoingMessage,
  PartitionOffsets,
} from './kafka-port.js';
import { boundUnpacking } from './kafkajs-compression.js';
import { startKafkajsConsumer } from './kafkajs-consumer.js';
import { kafkaProblem } from './kafkajs-problem.js';

export interface KafkaConnection {
  /** host:port of some brokers; they tell of the others. */
  readonly brokers: readonly string[];
  /** Stands in the broker's logs and quotas. */
  readonly clientId: string;
  /** Left out: no TLS. PEM texts; without `ca` the authorities that Node knows. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** A broker that is away is asked again for some seconds; whoever wants to wait longer tries again from above. */
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5, factor: 0.2, multiplier: 2 };
/** The first group of a broker waits for the topic that keeps groups, which took longer than that on a busy machine. */
const retryOfGroups = { ...retry, retries: 15 };
const acknowledgedByAll = -1;
/** The broker's time to have all replicas acknowledge; below the client's patience with a request. */
const replicatedWithinMs = 15_000;

/** kafkajs 2.2.4 behind the port. It logs nothing: what it says may name topics, users and keys. */
export function kafkajsClient(connection: KafkaConnection): KafkaPort {
  boundUnpacking();
  const { brokers, clientId, tls, sasl } = connection;
  const secured: Partial<KafkaConfig> = {
    ...(tls === undefined ? {} : { ssl: { ...tls, rejectUnauthorized: true } }),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
  };
  const common = {
    brokers: [...brokers],
    clientId,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5_000,
    requestTimeout: 20_000,
    ...secured,
  };
  return new KafkajsClient(new Kafka({ ...common, retry }), new Kafka({ ...common, retry: retryOfGroups }));
}

class KafkajsClient implements KafkaPort {
  constructor(
    private readonly kafka: Kafka,
    private readonly ofGroups: Kafka,
  ) {}

  async producer(): Promise<KafkaProducer> {
    // Not idempotent: with that flag kafkajs acknowledges messages that were never written, after a retry ran out.
    const producer = this.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      maxInFlightRequests: 1,
    });
    await told(producer.connect());
    return new KafkajsProducer(producer);
  }

  consume(options: ConsumeOptions): Promise<KafkaConsumer> {
    return startKafkajsConsumer(this.ofGroups, this, options);
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    await this.administer((admin) =>
      admin.createTopics({
        waitForLeaders: true,
        topics: topics.map(({ topic, partitions, replicas = -1, config = {} }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: replicas,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        })),
      }),
    );
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    const found = await this.administer((admin) => admin.fetchTopicOffsets(topic));
    return found
      .map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
      .sort((a, b) => a.partition - b.partition);
  }

  /** Nothing stays open: each question has a connection of its own. */
  async close(): Promise<void> {}

  /**
   * kafkajs's admin keeps asking whoever led a partition five minutes ago, and one that is shared cannot be closed while
   * another question is under way. Questions are few; a new one asks who leads.
   */
  private async administer<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const admin = this.kafka.admin();
      try {
        await admin.connect();
        return await question(admin);
      } catch (error) {
        if (attempt === attemptsAtLeader || !isLeaderElsewhere(error)) throw kafkaProblem(error);
        await sleep(leaderElectedWithinMs);
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    }
  }
}

/** After a topic was made, or a broker went away, the next leader is there within a second or two. */
const attemptsAtLeader = 10;
const leaderElectedWithinMs = 200;
const isLeaderElsewhere = (error: unknown): boolean =>
  ['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE'].includes((error as { type?: string }).type ?? '');

class KafkajsProducer implements KafkaProducer {
  constructor(private readonly producer: Producer) {}

  async send(topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await told(
      this.producer.send({
        topic,
        acks: acknowledgedByAll,
        timeout: replicatedWithinMs,
        messages: messages.map(({ key, value, headers, at }) => ({
          key: asBuffer(key),
          value: asBuffer(value),
          headers: headers as IHeaders,
          ...(at === undefined ? {} : { timestamp: String(at) }),
        })),
      }),
    );
  }

  async close(): Promise<void> {
    await this.producer.disconnect().catch(() => undefined);
  }
}

const told = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw kafkaProblem(error);
  });

/** The same bytes, not a copy. */
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
