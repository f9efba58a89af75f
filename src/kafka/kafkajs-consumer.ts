import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, EachBatchPayload, IHeaders, Kafka, KafkaMessage } from 'kafkajs';
import { Problem } from '../problem.js';
import type {
  AssignedPartition,
  ConsumeOptions,
  ConsumerProgress,
  IncomingMessage,
  KafkaConsumer,
  KafkaPort,
  TopicPartition,
} from './kafka-port.js';
import { kafkaProblem } from './kafkajs-problem.js';

/** A rebalance, a seek and an end wait for the fetch under way: kafkajs's own 5 seconds make each of them slow. */
const longestFetchMs = 200;
const defaultSessionTimeoutMs = 30_000;
const defaultBytesPerPartition = 2 * 1024 * 1024;

export async function startKafkajsConsumer(
  kafka: Kafka,
  port: Pick<KafkaPort, 'offsets'>,
  options: ConsumeOptions,
): Promise<KafkaConsumer> {
  for (let attempt = 1; ; attempt += 1) {
    const consumer = new KafkajsConsumer(kafka, port, options);
    try {
      await consumer.start();
      return consumer;
    } catch (error) {
      if (attempt === attemptsAtCoordinator || !isCoordinatorLoading(error as Problem)) throw error;
      await sleep(coordinatorLoadedWithinMs);
    }
  }
}

/**
 * A broker that has just begun to coordinate a group reads up what it knows of it. kafkajs asks again after every other
 * refusal of a join, and gives up at once after this one.
 */
const attemptsAtCoordinator = 40;
const coordinatorLoadedWithinMs = 250;
const isCoordinatorLoading = ({ cause }: Problem): boolean =>
  (cause as { type?: string } | undefined)?.type === 'GROUP_LOAD_IN_PROGRESS';

/** A partition of the present assignment. */
interface Place extends TopicPartition {
  next: number;
  high: number;
  /** Messages may be handed on: its position is known. */
  ready: boolean;
  /** The batch under way, and after it nothing: batches of one partition come one at a time. */
  last: Promise<void>;
}

class KafkajsConsumer implements KafkaConsumer {
  private readonly consumer: Consumer;
  private readonly heartbeatMs: number;
  private places = new Map<string, Place>();
  /** Of the present assignment. Partitions are assigned and revoked all together. */
  private held = new AbortController();
  private fetchedAt: number | undefined;
  private stopped = false;
  private joined: { resolve(): void; reject(error: unknown): void } | undefined;

  constructor(
    kafka: Kafka,
    private readonly port: Pick<KafkaPort, 'offsets'>,
    private readonly options: ConsumeOptions,
  ) {
    const sessionTimeout = options.sessionTimeoutMs ?? defaultSessionTimeoutMs;
    this.heartbeatMs = Math.max(Math.floor(sessionTimeout / 10), 100);
    this.consumer = kafka.consumer({
      groupId: options.group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout,
      heartbeatInterval: this.heartbeatMs,
      maxWaitTimeInMs: longestFetchMs,
      maxBytesPerPartition: options.maxBytesPerPartition ?? defaultBytesPerPartition,
      allowAutoTopicCreation: false,
      // Whoever consumes makes another one: kafkajs's own restart tells nobody, and was seen to go silent.
      retry: { restartOnFailure: () => Promise.resolve(false) },
    });
  }

  async start(): Promise<void> {
    const { consumer } = this;
    const joined = new Promise<void>((resolve, reject) => (this.joined = { resolve, reject }));
    const { GROUP_JOIN, REBALANCING, CRASH, FETCH } = consumer.events;
    consumer.on(REBALANCING, () => this.revoke());
    consumer.on(GROUP_JOIN, ({ payload }) => this.assign(payload.memberAssignment));
    consumer.on(FETCH, () => void (this.fetchedAt = Date.now()));
    consumer.on(CRASH, ({ payload }) => this.stop(payload.error));
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: this.options.concurrency ?? 1,
        eachBatch: (payload) => this.take(payload),
      });
      await joined;
    } catch (error) {
      this.stopped = true;
      await consumer.disconnect().catch(() => undefined);
      throw kafkaProblem(error);
    }
  }

  progress(): ConsumerProgress {
    const partitions = [...this.places.values()]
      .filter(({ ready }) => ready)
      .map(({ topic, partition, next, high }) => ({ topic, partition, next, high: Math.max(high, next) }));
    return { fetchedAt: this.fetchedAt, partitions };
  }

  async close(): Promise<void> {
    this.stopped = true;
    const underWay = [...this.places.values()].map(({ last }) => last);
    this.revoke();
    await Promise.all(underWay);
    await this.consumer.disconnect().catch(() => undefined);
  }

  /** kafkajs tells of an assignment before it fetches: paused in the same turn, nothing comes too early. */
  private assign(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.revoke();
    if (this.stopped) return;
    const held = new AbortController();
    this.held = held;
    const places = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition): Place => ({
        ...{ topic, partition, next: 0, high: 0, ready: false },
        last: Promise.resolve(),
      })),
    );
    this.places = new Map(places.map((place) => [nameOf(place), place]));
    for (const { topic, partition } of places) this.consumer.pause([{ topic, partitions: [partition] }]);
    this.joined?.resolve();
    this.joined = undefined;
    void this.position(places, held.signal).catch((error: unknown) => {
      if (!held.signal.aborted) this.stop(error);
    });
  }

  private async position(places: readonly Place[], signal: AbortSignal): Promise<void> {
    const assigned = await this.withOffsets(places);
    if (signal.aborted) return;
    const positions = await this.options.onAssigned(assigned);
    if (signal.aborted) return;
    for (const place of places) {
      const { low, high } = assigned.find((one) => nameOf(one) === nameOf(place)) as AssignedPartition;
      const offset = positions.find((one) => nameOf(one) === nameOf(place))?.offset;
      // kafkajs would silently begin somewhere else.
      if (offset === undefined || offset < low || offset > high) throw new Problem('kafka_position_unknown');
      Object.assign(place, { next: offset, high, ready: true });
      const { topic, partition } = place;
      this.consumer.seek({ topic, partition, offset: String(offset) });
      this.consumer.resume([{ topic, partitions: [partition] }]);
    }
  }

  private async withOffsets(places: readonly Place[]): Promise<AssignedPartition[]> {
    const topics = [...new Set(places.map(({ topic }) => topic))];
    const found = await Promise.all(
      topics.map(async (topic) => (await this.port.offsets(topic)).map((offsets) => ({ topic, ...offsets }))),
    );
    const assigned = new Set(places.map(nameOf));
    return found.flat().filter((one) => assigned.has(nameOf(one)));
  }

  private revoke(): void {
    if (this.places.size === 0) return;
    const partitions = [...this.places.values()].map(({ topic, partition }) => ({ topic, partition }));
    this.places = new Map();
    this.held.abort();
    this.options.onRevoked(partitions);
  }

  private async take(payload: EachBatchPayload): Promise<void> {
    const place = this.places.get(nameOf(payload.batch));
    // Of an assignment that is over, or fetched before this one's position was known.
    if (place?.ready !== true || payload.isStale()) return;
    const before = place.last;
    const handled = (async () => {
      await before;
      await this.handOn(payload, place);
    })();
    place.last = handled.catch(() => undefined);
    await handled;
  }

  private async handOn({ batch, resolveOffset, heartbeat, isRunning }: EachBatchPayload, place: Place): Promise<void> {
    const { signal } = this.held;
    if (signal.aborted || !isRunning() || this.stopped || this.places.get(nameOf(place)) !== place) return;
    place.high = Number(batch.highWatermark);
    const { topic, partition } = place;
    if (Number(batch.lastOffset()) < place.next) return this.reposition(place);
    const messages = batch.messages.map(incoming).filter(({ offset }) => offset >= place.next);
    if (messages.length > 0) {
      const beat = this.beating(heartbeat);
      try {
        await this.options.onBatch({ topic, partition, messages, high: place.high, signal });
      } catch (error) {
        beat.end();
        if (!signal.aborted) this.stop(error);
        return;
      }
      beat.end();
      if (beat.failure !== undefined) throw beat.failure as Error;
      if (signal.aborted) return;
    }
    // The last offset counts also where its message was not for us (an end of a transaction).
    place.next = Number(batch.lastOffset()) + 1;
    resolveOffset(batch.lastOffset());
  }

  /** kafkajs has gone back by itself: after a position that the broker no longer knew, it starts at the first it has. */
  private async reposition(place: Place): Promise<void> {
    const { topic, partition, next } = place;
    const found = (await this.port.offsets(topic)).find((one) => one.partition === partition);
    if (found === undefined || next > found.high) return this.stop(new Problem('kafka_position_unknown'));
    this.consumer.seek({ topic, partition, offset: String(next) });
  }

  /** A member that handles a batch for long is still there. */
  private beating(heartbeat: () => Promise<void>): { failure: unknown; end(): void } {
    const beat: { failure: unknown; end(): void } = { failure: undefined, end: () => clearInterval(timer) };
    const timer = setInterval(() => {
      heartbeat().catch((error: unknown) => {
        beat.failure ??= error;
        // The group has gone on without us, or will: what is under way had better know now.
        this.held.abort();
      });
    }, this.heartbeatMs);
    return beat;
  }

  private stop(error: unknown): void {
    if (this.stopped) return;
    this.stopped = true;
    const problem = kafkaProblemOrOwn(error);
    this.revoke();
    // Not awaited: it may be a batch of this consumer that failed, and its end waits for that.
    void this.consumer.disconnect().catch(() => undefined);
    // One that never joined is told of where `consume` is awaited.
    if (this.joined === undefined) this.options.onStopped(problem);
    else this.joined.reject(problem);
  }
}

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** What the caller's own functions throw stays what it is. */
const kafkaProblemOrOwn = (error: unknown): unknown =>
  error instanceof Error && error.name.startsWith('KafkaJS') ? kafkaProblem(error) : error;

function incoming({ offset, timestamp, key, value, headers }: KafkaMessage): IncomingMessage {
  return {
    offset: Number(offset),
    at: Number(timestamp),
    key: key ?? undefined,
    value: value ?? undefined,
    headers: lastOfEach(headers ?? {}),
  };
}

function lastOfEach(headers: IHeaders): Record<string, Uint8Array> {
  const entries = Object.entries(headers).flatMap(([name, value]) => {
    const last = Array.isArray(value) ? value.at(-1) : value;
    return last === undefined ? [] : [[name, Buffer.from(last)] as const];
  });
  return Object.fromEntries(entries);
}
