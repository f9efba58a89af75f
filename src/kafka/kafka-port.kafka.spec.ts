import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { describeWithKafka, freshName, testBrokers } from '../../test/kafka/test-kafka.js';
import type { Batch, ConsumeOptions, IncomingMessage, KafkaConsumer, KafkaPort } from './kafka-port.js';
import { kafkajsClient } from './kafkajs-client.js';

/** Whatever client stands behind the port must do this, on a real broker. */
const clients = { kafkajs: () => kafkajsClient({ brokers: testBrokers() ?? [], clientId: 'custos-test' }) };

/** Of keys, as Java's client computes it (the vectors of its own test). The first two differ in parity. */
const murmur2 = { '21': -973932308, abc: 479470107, foobar: -790332482, 'a-little-bit-long-string': -985981536 };

const bytes = (text: string) => Buffer.from(text);
const text = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString();
const message = (key: string, value: string) => ({ key: bytes(key), value: bytes(value), headers: {} });

describeWithKafka('a Kafka client', () => {
  describe.each(Object.entries(clients))('%s', (_name, make) => {
    let client: KafkaPort;
    let topic: string;
    const consumers: KafkaConsumer[] = [];

    beforeAll(() => void (client = make()));
    beforeEach(async () => {
      topic = freshName('port');
      await client.createTopics([{ topic, partitions: 2, replicas: 1 }]);
    });
    afterEach(async () => {
      for (const consumer of consumers.splice(0)) await consumer.close();
    });
    afterAll(() => client.close());

    /** A consumer that starts at `from`, everywhere, and keeps what it gets. */
    async function consume(options: Partial<ConsumeOptions> = {}, from = 0) {
      const got = new Arrivals();
      const consumer = await client.consume({
        group: freshName('group'),
        topics: [topic],
        onAssigned: async (assigned) => assigned.map((one) => ({ ...one, offset: from })),
        onBatch: async (batch) => got.add(batch),
        onRevoked: () => undefined,
        onStopped: (error) => got.fail(error),
        ...options,
      });
      consumers.push(consumer);
      return { consumer, got };
    }

    async function send(...messages: { key: Uint8Array; value: Uint8Array; headers: Record<string, string> }[]) {
      const producer = await client.producer();
      await producer.send(topic, messages);
      await producer.close();
    }

    it('refuses to send to a topic that is not there', async () => {
      const producer = await client.producer();
      const sent = producer.send(freshName('nowhere'), [message('a', 'b')]);
      await expect(sent).rejects.toMatchObject({ code: 'kafka_topic_unknown' });
      await producer.close();
    });

    it('refuses a message larger than the topic takes', async () => {
      const small = freshName('small');
      await client.createTopics([{ topic: small, partitions: 1, config: { 'max.message.bytes': '2000' } }]);
      const producer = await client.producer();
      const sent = producer.send(small, [message('a', 'x'.repeat(3_000))]);
      await expect(sent).rejects.toMatchObject({ code: 'kafka_message_too_large' });
      await producer.close();
      expect(await client.offsets(small)).toEqual([{ partition: 0, low: 0, high: 0 }]);
    });

    it('fails where no broker is', async () => {
      const nobody = kafkajsClient({ brokers: ['127.0.0.1:9'], clientId: 'custos-test' });
      await expect(nobody.offsets(topic)).rejects.toMatchObject({ code: 'kafka_unavailable' });
      await nobody.close();
    });

    it('leaves a topic alone that is there', async () => {
      await client.createTopics([{ topic, partitions: 7 }]);
      expect(await client.offsets(topic)).toHaveLength(2);
    });

    it('brings key, value, headers and time, in the order of a key', async () => {
      const { got } = await consume();
      const producer = await client.producer();
      const at = Date.UTC(2024, 1, 2);
      for (let i = 0; i < 5; i += 1) {
        await producer.send(topic, [
          { key: bytes('one'), value: bytes(`1.${i}`), headers: { position: `${i}` }, at },
          { key: bytes('two'), value: bytes(`2.${i}`), headers: { position: `${i}` }, at },
        ]);
      }
      await producer.close();
      const all = await got.count(10);
      for (const key of ['one', 'two']) {
        const of = all.filter((one) => text(one.key) === key);
        expect(of.map((one) => text(one.value).slice(2))).toEqual(['0', '1', '2', '3', '4']);
        expect(of.map(({ headers }) => text(headers['position']))).toEqual(['0', '1', '2', '3', '4']);
      }
      expect(new Set(all.map((one) => one.at))).toEqual(new Set([at]));
    });

    it('puts a key where every other client would: murmur2', async () => {
      const wide = freshName('wide');
      await client.createTopics([{ topic: wide, partitions: 101 }]);
      const { got } = await consume({ topics: [wide] });
      const producer = await client.producer();
      await producer.send(
        wide,
        Object.keys(murmur2).map((key) => message(key, key)),
      );
      await producer.close();
      // Sent again where a leader of so many new partitions was not there yet: a message may be there twice.
      await until(() => new Set(got.messages.map(({ key }) => text(key))).size === Object.keys(murmur2).length);
      const found = Object.fromEntries(got.batches.flatMap((b) => b.messages.map((m) => [text(m.key), b.partition])));
      const expected = Object.entries(murmur2).map(([key, hash]) => [key, (hash & 0x7fffffff) % 101]);
      expect(found).toEqual(Object.fromEntries(expected));
    });

    it('goes on where it is told to, and not where the group was', async () => {
      const single = freshName('single');
      await client.createTopics([{ topic: single, partitions: 1 }]);
      const producer = await client.producer();
      await producer.send(
        single,
        [0, 1, 2, 3].map((i) => message('k', `${i}`)),
      );
      await producer.close();
      const group = freshName('group');
      for (const from of [2, 0, 3]) {
        const { consumer, got } = await consume({ group, topics: [single] }, from);
        const all = await got.count(4 - from);
        expect(all.map(({ offset }) => offset)).toEqual([0, 1, 2, 3].slice(from));
        expect(consumer.progress().partitions).toMatchObject([{ topic: single, partition: 0, high: 4 }]);
        await consumer.close();
      }
    });

    it.each([
      ['past the end', (high: number) => high + 1],
      ['nowhere', () => undefined],
    ])('stops rather than go on from %s', async (_where, offsetOf) => {
      await send(message('a', 'b'));
      const { got } = await consume({
        onAssigned: async (assigned) =>
          assigned.flatMap((one) => {
            const offset = offsetOf(one.high);
            return offset === undefined ? [] : [{ ...one, offset }];
          }),
      });
      await expect(got.failure).rejects.toMatchObject({ code: 'kafka_position_unknown' });
      expect(got.batches).toEqual([]);
    });

    it('hands nothing over before the position is known', async () => {
      await send(message('a', '1'), message('b', '2'));
      let known = () => undefined as void;
      const asked = new Promise<void>((resolve) => (known = resolve));
      const { got, consumer } = await consume({
        onAssigned: async (assigned) => {
          await asked;
          return assigned.map((one) => ({ ...one, offset: one.low }));
        },
      });
      await fetched(consumer);
      expect(got.batches).toEqual([]);
      known();
      await got.count(2);
    });

    it('gives no second batch of a partition while one is handled', async () => {
      let [under, most] = [0, 0];
      const finish: (() => void)[] = [];
      const { got } = await consume({
        concurrency: 4,
        maxBytesPerPartition: 1,
        onBatch: async (batch) => {
          under += 1;
          most = Math.max(most, under);
          await new Promise<void>((resolve) => finish.push(resolve));
          under -= 1;
          got.add(batch);
        },
      });
      for (let i = 0; i < 3; i += 1) await send(message('one', `${i}`));
      const letGo = setInterval(() => finish.shift()?.(), 20);
      await got.count(3);
      clearInterval(letGo);
      expect(most).toBe(1);
    });

    it('shares the partitions of a group, tells what is gone, and aborts what is under way', async () => {
      const group = freshName('group');
      const events: string[] = [];
      let aborted = () => undefined as void;
      const wasAborted = new Promise<void>((resolve) => (aborted = resolve));
      let started = () => undefined as void;
      const isUnderWay = new Promise<void>((resolve) => (started = resolve));
      await consume({
        group,
        sessionTimeoutMs: 3_000,
        onAssigned: async (assigned) => {
          events.push(`+${assigned.length}`);
          return assigned.map((one) => ({ ...one, offset: one.low }));
        },
        onRevoked: (revoked) => void events.push(`-${revoked.length}`),
        onBatch: (batch) =>
          new Promise((resolve) => {
            started();
            batch.signal.addEventListener('abort', () => {
              aborted();
              resolve();
            });
          }),
      });
      await send(message('a', '1'));
      await isUnderWay;
      const { got } = await consume({ group, sessionTimeoutMs: 3_000 });
      await wasAborted;
      await until(() => events.length >= 3);
      expect(events.slice(0, 3)).toEqual(['+2', '-2', '+1']);
      // What was aborted was not handled: whoever has the partition now gets it.
      await send(message('21', 'x'), message('abc', 'y'));
      await until(() => got.messages.length > 0);
    });

    it('says why it stopped when a batch is refused, once, and nobody counts it as handled', async () => {
      const stopped: unknown[] = [];
      const refused = new Error('not this one');
      const { consumer, got } = await consume({
        onBatch: () => Promise.reject(refused),
        onStopped: (error) => {
          stopped.push(error);
          got.fail(error);
        },
      });
      await send(message('a', '1'));
      await expect(got.failure).rejects.toBe(refused);
      await consumer.close();
      expect(stopped).toEqual([refused]);
      expect(consumer.progress().partitions).toEqual([]);
    });

    it('is silent about its own end', async () => {
      let stopped = 0;
      const { consumer } = await consume({ onStopped: () => void (stopped += 1) });
      await consumer.close();
      await consumer.close();
      expect(stopped).toBe(0);
    });

    describe('what became small by packing, and is not', () => {
      const packed = async (to: string) => {
        const kafka = new Kafka({ brokers: [...(testBrokers() ?? [])], logLevel: logLevel.NOTHING });
        const producer = kafka.producer({ allowAutoTopicCreation: false });
        await producer.connect();
        const messages = [{ key: 'a', value: Buffer.alloc(16 * 1024 * 1024) }];
        try {
          await producer.send({ topic: to, compression: CompressionTypes.GZIP, messages });
        } finally {
          await producer.disconnect();
        }
      };

      it('ends the consumer, and not the process', async () => {
        await packed(topic);
        const stopped = new Promise<unknown>((resolve) => void consume({ onStopped: resolve }));
        await expect(stopped).resolves.toMatchObject({ code: 'kafka_unavailable' });
      });

      it('is refused by the broker, where the topic keeps everything unpacked', async () => {
        const unpacked = freshName('unpacked');
        await client.createTopics([{ topic: unpacked, partitions: 1, config: { 'compression.type': 'uncompressed' } }]);
        await expect(packed(unpacked)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
      });
    });

    it('carries a message as large as the topic takes', async () => {
      const { got } = await consume({ maxBytesPerPartition: 1_000 });
      await send(message('a', 'x'.repeat(900_000)), message('a', 'y'));
      const all = await got.count(2);
      expect(all.map(({ value }) => value?.length)).toEqual([900_000, 1]);
    });
  });
});

/** What came so far, and waiting for more. */
class Arrivals {
  readonly batches: Batch[] = [];
  private readonly seen = new Set<string>();
  readonly failure: Promise<never>;
  private reject: (error: unknown) => void = () => undefined;
  private waiting: (() => void)[] = [];

  constructor() {
    this.failure = new Promise<never>((_resolve, reject) => (this.reject = reject));
    this.failure.catch(() => undefined);
  }

  get messages(): IncomingMessage[] {
    return this.batches.flatMap(({ messages }) => messages);
  }

  /** After a rebalance these tests go on from where they began: what came before counts once. */
  add(batch: Batch): void {
    const { topic, partition } = batch;
    const isNew = ({ offset }: IncomingMessage) => !this.seen.has(`${topic}/${partition}/${offset}`);
    const messages = batch.messages.filter(isNew);
    for (const { offset } of messages) this.seen.add(`${topic}/${partition}/${offset}`);
    if (messages.length > 0) this.batches.push({ ...batch, messages });
    for (const look of this.waiting.splice(0)) look();
  }

  fail(error: unknown): void {
    this.reject(error);
  }

  async count(expected: number): Promise<IncomingMessage[]> {
    while (this.messages.length < expected) {
      await Promise.race([new Promise<void>((resolve) => this.waiting.push(resolve)), this.failure]);
    }
    return this.messages;
  }
}

/** Until the broker has answered a fetch that was asked after now. */
async function fetched(consumer: KafkaConsumer): Promise<void> {
  const before = Date.now();
  await until(() => (consumer.progress().fetchedAt ?? 0) > before + 500);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}
