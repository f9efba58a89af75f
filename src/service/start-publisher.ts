import type pg from 'pg';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Found } from '../http/health.http.js';
import { kafkajsClient } from '../kafka/kafkajs-client.js';
import { LogPublisher } from '../kafka/publish-log.js';
import { PublishedLag } from '../kafka/published-lag.js';
import { PublisherMetrics } from '../kafka/publisher-metrics.js';
import type { Log } from '../log/log.js';
import { codeOf } from '../problem.js';
import type { KafkaSettings } from './kafka-settings.js';

export interface RunningPublisher {
  /** For the readiness of the process. Advisory: all instances stand still at once, and the vault needs no Kafka. */
  check(): Promise<Found>;
  close(): Promise<void>;
}

/** Publishes the log in the background: what becomes of Kafka is told, and stops nothing else. */
export function startPublisher(
  {
    connection,
    publish,
    mostMessageBytes,
    stalledMs,
  }: KafkaSettings & {
    readonly publish: NonNullable<KafkaSettings['publish']>;
  },
  parts: { readonly log: Log; readonly pool: pg.Pool; readonly registry: Registry; readonly logger: Logger },
): RunningPublisher {
  const { log, pool, registry, logger } = parts;
  const kafka = kafkajsClient(connection);
  const lag = new PublishedLag(pool, publish.logTopic, stalledMs);
  const metrics = new PublisherMetrics(registry, { lag, isPublishing: () => publisher.isPublishing });
  const publisher: LogPublisher = new LogPublisher({
    ...{ log, pool, kafka, mostMessageBytes, ...publish },
    onFailure: (error) => {
      const code = codeOf(error);
      metrics.failed(code);
      logger.error({ code }, 'publishing the log failed, and is begun anew');
    },
  });
  return {
    check: async () => {
      const { lag: entries } = await lag.look();
      return { ok: !lag.standsStill, lag: entries };
    },
    close: async () => {
      await publisher.close();
      await lag.close();
      await kafka.close();
    },
  };
}
