import type { RefusedMessage } from '../log/entries.js';
import type { KafkaPort, KafkaProducer, TopicPartition } from './kafka-port.js';

/**
 * Where refused messages are told of, by reference: whoever wants to see one reads it at its offset, if they may. At
 * least once; the key and `offset` tell a repetition. The log says the same, once (`messages.taken`).
 */
export class DeadLetters {
  private producer: Promise<KafkaProducer> | undefined;
  /** A producer sends one call at a time. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly kafka: KafkaPort,
    private readonly topic: string,
  ) {}

  /** @throws Problem kafka_unavailable, kafka_refused, kafka_topic_unknown: some may have been told, none is lost. */
  send(of: TopicPartition, refused: readonly RefusedMessage[]): Promise<void> {
    const sent = this.last.catch(() => undefined).then(() => this.sendNow(of, refused));
    this.last = sent;
    return sent;
  }

  async close(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    await producer?.then((open) => open.close()).catch(() => undefined);
  }

  private async sendNow({ topic, partition }: TopicPartition, refused: readonly RefusedMessage[]): Promise<void> {
    this.producer ??= this.kafka.producer();
    try {
      const producer = await this.producer;
      await producer.send(
        this.topic,
        refused.map(({ offset, code }) => ({
          key: Buffer.from(`${topic}/${partition}`),
          value: Buffer.from(JSON.stringify({ topic, partition, offset, code })),
          headers: { 'content-type': 'application/json' },
        })),
      );
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}
