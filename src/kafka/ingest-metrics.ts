import { Counter, Gauge, type Registry } from 'prom-client';
import type { RefusedMessage } from '../log/entries.js';
import type { TakenCounts } from './decide-messages.js';
import type { TopicPartition } from './kafka-port.js';

/** Labels are topics, codes and outcomes: never a key, a session or anything else out of a message. */
export class IngestMetrics {
  private readonly records: Counter<'topic' | 'outcome'>;
  private readonly refused: Counter<'topic' | 'code'>;
  private readonly lost: Counter<'topic'>;
  private readonly restarts: Counter<'why'>;

  constructor(registry: Registry, lag: () => readonly (TopicPartition & { readonly lag: number })[]) {
    const registers = [registry];
    this.records = new Counter({
      name: 'custos_kafka_records_total',
      help: 'Records that messages brought, by topic and outcome',
      labelNames: ['topic', 'outcome'],
      registers,
    });
    this.refused = new Counter({
      name: 'custos_kafka_refused_messages_total',
      help: 'Messages refused, by topic and code; a repetition counts again',
      labelNames: ['topic', 'code'],
      registers,
    });
    this.lost = new Counter({
      name: 'custos_kafka_lost_offsets_total',
      help: 'Offsets that the broker had deleted before they were taken, by topic',
      labelNames: ['topic'],
      registers,
    });
    this.restarts = new Counter({
      name: 'custos_kafka_consumer_restarts_total',
      help: 'Times that the consumer ended or stood still and was started again, by reason',
      labelNames: ['why'],
      registers,
    });
    new Gauge({
      name: 'custos_kafka_lag_messages',
      help: 'Messages not taken yet, of the partitions that this process has',
      labelNames: ['topic', 'partition'],
      registers,
      collect() {
        this.reset(); // a partition that is another member's now is no concern of ours
        for (const { topic, partition, lag: left } of lag()) this.set({ topic, partition }, left);
      },
    });
  }

  taken({ topic }: TopicPartition, { refused: _refused, ...records }: TakenCounts): void {
    for (const [outcome, count] of Object.entries(records)) this.records.inc({ topic, outcome }, count);
  }

  refusedOnes({ topic }: TopicPartition, refused: readonly RefusedMessage[]): void {
    for (const { code } of refused) this.refused.inc({ topic, code });
  }

  lostSome({ topic }: TopicPartition, offsets: number): void {
    this.lost.inc({ topic }, offsets);
  }

  restarted(why: string): void {
    this.restarts.inc({ why });
  }
}
