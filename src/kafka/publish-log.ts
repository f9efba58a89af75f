import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import type { KafkaPort, KafkaProducer } from './kafka-port.js';
import { oneAhead, publishableBatches } from './publishable-batches.js';
import { PublishedSize } from './published-size.js';

export interface PublisherOptions {
  readonly log: Pick<Log, 'origin' | 'reader' | 'bodies' | 'tail'>;
  /** The publisher has a connection of its own, made like those of this pool. */
  readonly pool: pg.Pool;
  readonly kafka: KafkaPort;
  readonly logTopic: string;
  readonly checkpointTopic: string;
  /** Of one message and of one request, as the topics are set. */
  readonly mostMessageBytes: number;
  /** What ended an attempt. It goes on by itself. */
  onFailure(error: unknown): void;
}

/** Another instance publishes; how soon this one takes over where that is gone. */
const askAgainMs = 2_000;
/** While it catches up, where each one is a pause between two requests; at the end of the log every request is followed by one. */
const checkpointEveryMs = 1_000;
const firstDelayMs = 250;
const longestDelayMs = 10_000;

/**
 * Publishes the log: every committed entry, in order, to its topic, and checkpoints to theirs. At least once: an entry
 * counts when every in-sync replica has it, and only then the size moves. After any failure everything is let go of and
 * begun anew from the size in the database, with a producer of its own: what the old one still has under way may come
 * late, as a repetition, and never instead.
 */
export class LogPublisher {
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private holds = false;

  constructor(private readonly options: PublisherOptions) {
    this.running = this.run();
  }

  /** Whether this instance is the one. */
  get isPublishing(): boolean {
    return this.holds;
  }

  /** What was sent and not counted yet is sent again by whoever goes on. */
  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let delayMs = firstDelayMs;
    while (!signal.aborted) {
      const before = Date.now();
      try {
        await this.attempt();
      } catch (error) {
        if (!signal.aborted) this.options.onFailure(error);
      }
      // One that went well for long failed for another reason than the last one.
      delayMs = Date.now() - before > longestDelayMs ? firstDelayMs : Math.min(delayMs * 2, longestDelayMs);
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Publishes for as long as it may and can. */
  private async attempt(): Promise<void> {
    const { pool, logTopic } = this.options;
    const held = await this.takeTurn(() => PublishedSize.hold(pool, logTopic));
    if (held === undefined) return;
    const ending = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, held.lost, ending.signal]);
    let producer: KafkaProducer | undefined;
    try {
      this.holds = true;
      const size = await held.read();
      await this.requireTopic(size);
      producer = await this.options.kafka.producer();
      await this.publish({ held, producer, size, signal });
    } finally {
      this.holds = false;
      ending.abort();
      await producer?.close();
      await held.release();
    }
  }

  private async takeTurn(hold: () => Promise<PublishedSize | undefined>): Promise<PublishedSize | undefined> {
    const { signal } = this.stopping;
    for (;;) {
      const held = await hold();
      if (held !== undefined || signal.aborted) return held;
      await sleep(askAgainMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return undefined;
    }
  }

  /**
   * A topic to which fewer messages were ever written than entries were published lost some of them, or was made anew:
   * whoever went on there would leave a gap for good.
   */
  private async requireTopic(size: number): Promise<void> {
    const partitions = await this.options.kafka.offsets(this.options.logTopic);
    const written = partitions.reduce((sum, { high }) => sum + high, 0);
    if (written < size) throw new Problem('kafka_position_unknown', { expected: size, size: written });
  }

  private async publish(at: {
    held: PublishedSize;
    producer: KafkaProducer;
    size: number;
    signal: AbortSignal;
  }): Promise<void> {
    const { held, producer, size, signal } = at;
    const { log, logTopic, mostMessageBytes: mostBytes } = this.options;
    const { tail, bodies } = log;
    await tail.requirePosition(size);
    // Whoever published before may have ended between the entries and their checkpoint.
    await this.sendCheckpoint(producer, size);
    let checkpointAt = Date.now();
    let moved = Promise.resolve(true);
    for await (const batch of oneAhead(publishableBatches({ tail, bodies, from: size, mostBytes, signal }))) {
      if (signal.aborted) break;
      await producer.send(logTopic, batch.messages);
      // Every in-sync replica has these. Whoever goes on after a crash here sends them again.
      if (!(await moved)) break;
      // The next ones are sent meanwhile, if there are any: the size waits for a disk, and is behind by one request.
      moved = held.move(batch);
      moved.catch(() => undefined);
      if (batch.isLast && !(await moved)) break;
      if (!batch.isLast && Date.now() - checkpointAt < checkpointEveryMs) continue;
      await this.sendCheckpoint(producer, batch.to);
      checkpointAt = Date.now();
    }
    if (!(await moved)) throw new Problem('kafka_published_by_another');
  }

  /** The last one over what is in the topic already: whoever has it finds every entry that it covers. */
  private async sendCheckpoint(producer: KafkaProducer, size: number): Promise<void> {
    const { log, checkpointTopic } = this.options;
    const found = await log.reader.checkpointWithin(size);
    if (found === undefined) return;
    const headers = { size: String(found.size) };
    const message = { key: Buffer.from(log.origin), value: Buffer.from(found.checkpoint), headers };
    await producer.send(checkpointTopic, [message]);
  }
}
