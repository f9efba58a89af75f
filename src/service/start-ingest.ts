import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { DeadLetters } from '../kafka/dead-letters.js';
import { IngestMetrics } from '../kafka/ingest-metrics.js';
import { TopicsIngest } from '../kafka/ingest-topics.js';
import { kafkajsClient } from '../kafka/kafkajs-client.js';
import type { Log } from '../log/log.js';
import type { KafkaSettings } from './kafka-settings.js';

export interface RunningIngest {
  /** For the readiness of the process. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Takes the topics that are to be taken, in the background: what becomes of Kafka is told, and stops nothing else. */
export function startIngest(
  { connection, stalledMs, ingest }: KafkaSettings & { readonly ingest: NonNullable<KafkaSettings['ingest']> },
  { log, registry, logger }: { readonly log: Log; readonly registry: Registry; readonly logger: Logger },
): RunningIngest {
  const { topics, group, sessionTimeoutMs, deadLetterTopic } = ingest;
  const kafka = kafkajsClient(connection);
  const letters = deadLetterTopic === undefined ? undefined : new DeadLetters(kafka, deadLetterTopic);
  const metrics = new IngestMetrics(registry, () => running.lag());
  const running: TopicsIngest = new TopicsIngest(
    kafka,
    log,
    {
      taken: (of, counts) => metrics.taken(of, counts),
      refused: async (of, refused) => {
        await letters?.send(of, refused);
        metrics.refusedOnes(of, refused);
        logger.warn({ ...of, refused }, 'messages refused');
      },
      lost: (of, offsets) => {
        metrics.lostSome(of, offsets);
        logger.error({ ...of, offsets }, 'the broker deleted messages before they were taken');
      },
      restarted: (why) => {
        metrics.restarted(why);
        logger.error({ why }, 'the consumer of topics is started again');
      },
    },
    { topics, group, sessionTimeoutMs, stalledAfterMs: stalledMs },
  );
  const close = async () => {
    await running.close();
    await letters?.close();
    await kafka.close();
  };
  return { check: () => running.check(), close };
}
