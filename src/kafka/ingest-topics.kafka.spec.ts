import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithKafka, freshName, testClient } from '../../test/kafka/test-kafka.js';
import { sealedEvent } from '../../test/kafka/sealed-event.js';
import { openSealer, sealRecords } from '../../test/sealed-source.js';
import { typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { RefusedMessage } from '../log/entries.js';
import type { EntryOf } from '../log/header.js';
import type { Log } from '../log/log.js';
import { DeadLetters } from './dead-letters.js';
import { TopicsIngest, type IngestListener } from './ingest-topics.js';
import type { KafkaPort, TopicPartition } from './kafka-port.js';

describeWithKafka('a topic of sealed batches', () => {
  let vault: VaultInProcess;
  let kafka: KafkaPort;
  let topic: string;
  let group: string;
  const ingests: TopicsIngest[] = [];
  const told: { refused: [TopicPartition, RefusedMessage][]; lost: number[]; restarts: string[] } = {
    refused: [],
    lost: [],
    restarts: [],
  };

  beforeEach(async () => {
    Object.assign(told, { refused: [], lost: [], restarts: [] });
    vault = await VaultInProcess.start();
    kafka = testClient();
    [topic, group] = [freshName('records'), freshName('group')];
    await kafka.createTopics([{ topic, partitions: 3, replicas: 1 }]);
  });
  afterEach(async () => {
    for (const ingest of ingests.splice(0)) await ingest.close();
    await kafka.close();
    await vault.stop();
  });

  const listener: IngestListener = {
    taken: () => undefined,
    refused: async (of, refused) =>
      void told.refused.push(...refused.map((one) => [of, one] as [TopicPartition, RefusedMessage])),
    lost: (_of, offsets) => void told.lost.push(offsets),
    restarted: (why) => void told.restarts.push(why),
  };
  const ingest = (log: Log = vault.log, to = listener) => {
    const started = new TopicsIngest(kafka, log, to, { topics: [topic], group, stalledAfterMs: 20_000 });
    ingests.push(started);
    return started;
  };

  /** Messages of ten records each, all sessions of one subject, as a source sends them. */
  async function produce(sessions: readonly string[], messages: number, from = 0): Promise<void> {
    const producer = await kafka.producer();
    for (const session of sessions) {
      const by = await openSealer(vault, { session });
      for (let index = from; index < from + messages; index += 1) {
        const sealed = await sealRecords(by, typedRecords(10, 'typed', index * 10), index * 10);
        await producer.send(topic, [event(session, sealedEvent(sealed, { session, first: index * 10 }))]);
      }
    }
    await producer.close();
  }
  const event = (session: string, value: unknown) => ({
    key: Buffer.from(session),
    value: Buffer.from(JSON.stringify(value)),
    headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
  });

  /** Until every message of the topic is answered for in the log. */
  async function taken(): Promise<void> {
    const ends = await kafka.offsets(topic);
    for (;;) {
      const positions = await Promise.all(
        ends.map(({ partition }) => vault.log.reader.lastOf(`topic/${topic}/${partition}`)),
      );
      const next = (positions as (EntryOf<'messages.taken'> | undefined)[]).map((entry) => entry?.data.next ?? 0);
      if (ends.every(({ partition, high }) => (next[partition] ?? 0) >= high)) return;
      await sleep(20);
    }
  }

  async function stored(session: string): Promise<number[]> {
    const entries = await vault.log.reader.stream(`session/${session}`);
    return entries.flatMap((entry) => (entry.type === 'session.batch' ? [entry.data.first] : []));
  }
  const tens = (count: number) => Array.from({ length: count }, (_, index) => index * 10);
  const sessions = ['a', 'b', 'c', 'd', 'e'];

  it('comes into the log in the order of each session, once, and the log verifies', async () => {
    await produce(sessions, 6);
    ingest();
    await taken();
    await produce(sessions, 3, 6);
    await taken();
    for (const session of sessions) expect(await stored(session)).toEqual(tens(9));
    expect(told).toEqual({ refused: [], lost: [], restarts: [] });
    const { records } = await vault.read(await vault.grant('a', ['typed']), 'a');
    expect(records).toHaveLength(90);
    expect((await vault.verify()).problems).toEqual([]);
  });

  it('is gone on with where the log is, by another group and another process too', async () => {
    await produce(sessions, 3);
    const first = ingest();
    await taken();
    await first.close();
    group = freshName('group');
    await produce(sessions, 3, 3);
    ingest(await vault.openLog());
    await taken();
    for (const session of sessions) expect(await stored(session)).toEqual(tens(6));
    expect(told.refused).toEqual([]);
  });

  it('is shared by several instances, that come and go, and nothing is lost or doubled', async () => {
    const producing = produce(sessions, 12);
    const logs = [vault.log, await vault.openLog(), await vault.openLog()];
    for (const log of logs) {
      ingest(log);
      await sleep(300);
    }
    await ingests[0]?.close();
    ingest(logs[0]);
    await producing;
    await taken();
    for (const session of sessions) expect(await stored(session)).toEqual(tens(12));
    expect(told.refused).toEqual([]);
    expect((await vault.verify()).problems).toEqual([]);
  });

  it('is told of what it holds that is not sealed, by reference, on a topic of its own', async () => {
    const deadLetters = freshName('refused');
    await kafka.createTopics([{ topic: deadLetters, partitions: 1, replicas: 1 }]);
    const letters = new DeadLetters(kafka, deadLetters);
    const producer = await kafka.producer();
    await producer.send(topic, [event('a', { specversion: '1.0', type: 'x', source: '/x', id: '1', data: 'canary' })]);
    await producer.close();
    await produce(['a'], 2);
    ingest(vault.log, { ...listener, refused: (of, refused) => letters.send(of, refused) });
    await taken();
    const heard: string[] = [];
    const consumer = await kafka.consume({
      group: freshName('reader'),
      topics: [deadLetters],
      onAssigned: async (assigned) => assigned.map(({ low, ...of }) => ({ ...of, offset: low })),
      onBatch: async ({ messages }) =>
        void heard.push(...messages.map(({ value }) => Buffer.from(value ?? []).toString())),
      onRevoked: () => undefined,
      onStopped: () => undefined,
    });
    while (heard.length === 0) await sleep(20);
    await consumer.close();
    await letters.close();
    expect(heard.map((one) => JSON.parse(one) as unknown)).toEqual([
      { topic, partition: expect.any(Number), offset: 0, code: 'payload_unsealed' },
    ]);
    expect(await stored('a')).toEqual(tens(2));
  });
});
