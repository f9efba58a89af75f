import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log/log.js';
import { codeOf, Problem, type ProblemCode } from '../problem.js';
import type { KafkaPort } from './kafka-port.js';
import { lagOf, ProgressWatch } from './progress-watch.js';
import { TopicsTaker, type TopicsListener, type TopicsToTake } from './take-topics.js';

const lookEveryMs = 1000;
/** A client that is stuck may never end; another one takes its place, and the log tells the two apart. */
const longestEndMs = 10_000;
const pauseMs = 1000;

export interface IngestListener extends TopicsListener {
  /** It ended, or stood still for too long, and is started again. */
  restarted(why: ProblemCode | 'stalled'): void;
}

export interface IngestSettings extends TopicsToTake {
  /** Standing still for longer, with messages to take, it is started again. */
  readonly stalledAfterMs: number;
}

/** Takes topics for as long as the process runs, whatever becomes of a consumer, the brokers or the log meanwhile. */
export class TopicsIngest {
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;
  private taker: TopicsTaker | undefined;
  /** Over all lives: another consumer is no better until it moves. */
  private readonly health = new ProgressWatch(Date.now());

  constructor(
    private readonly kafka: KafkaPort,
    private readonly log: Log,
    private readonly listener: IngestListener,
    private readonly settings: IngestSettings,
  ) {
    this.running = this.run();
  }

  /** Rejects while there is no consumer, or it stands still: for the readiness of the process. */
  async check(): Promise<void> {
    const progress = this.taker?.progress();
    const stillMs = this.health.stoodStill(progress, Date.now());
    if (progress === undefined || stillMs > this.settings.stalledAfterMs) throw new Problem('kafka_unavailable');
  }

  /** Of the partitions that this process has. */
  lag(): ReturnType<typeof lagOf> {
    const progress = this.taker?.progress();
    return progress === undefined ? [] : lagOf(progress);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      const taker = new TopicsTaker(this.kafka, this.log, this.listener);
      this.taker = taker;
      const why = await this.endOf(taker);
      this.taker = undefined;
      await Promise.race([taker.close().catch(() => undefined), sleep(longestEndMs, undefined, { ref: false })]);
      if (signal.aborted) return;
      this.listener.restarted(why);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Why it should be closed. */
  private async endOf(taker: TopicsTaker): Promise<ProblemCode | 'stalled'> {
    const { signal } = this.closing;
    const watch = new ProgressWatch(Date.now());
    let ended: { readonly error: unknown } | undefined;
    const end = Promise.race([taker.end, taker.start(this.settings).then(() => taker.end)]).catch(
      (error: unknown) => error,
    );
    void end.then((error) => (ended = { error }));
    while (!signal.aborted) {
      await Promise.race([end, sleep(lookEveryMs, undefined, { signal }).catch(() => undefined)]);
      if (ended !== undefined) return codeOf(ended.error);
      const [progress, now] = [taker.progress(), Date.now()];
      this.health.stoodStill(progress, now);
      if (watch.stoodStill(progress, now) > this.settings.stalledAfterMs) return 'stalled';
    }
    return 'stalled';
  }
}
