import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaPort } from '../../src/kafka/kafka-port.js';
import type { Entry } from '../../src/log/header.js';
import { LogReader } from '../../src/log/log-reader.js';
import { openPool } from '../../src/log/database.js';
import { cloneDatabase, type TestDatabase } from '../postgres/database.js';
import { sealRecords } from '../sealed-source.js';
import { typedRecords } from '../vault-in-process.js';
import { IngestRig } from './ingest-rig.js';
import { sealedEvent } from './sealed-event.js';
import { describeWithKafka, freshName, testBrokers, testClient } from './test-kafka.js';

describeWithKafka('a service that takes a topic', () => {
  let database: TestDatabase;
  let kafka: KafkaPort;
  let topic: string;
  let rig: IngestRig;
  let sealer: Awaited<ReturnType<typeof IngestRig.start>>['sealer'];
  const pools: ReturnType<typeof openPool>[] = [];

  beforeEach(async () => {
    database = await cloneDatabase();
    kafka = testClient();
    topic = freshName('records');
    await kafka.createTopics([{ topic, partitions: 1, replicas: 1 }]);
    const brokers = testBrokers() ?? [];
    const url = (role: Parameters<TestDatabase['url']>[0]) => database.url(role);
    ({ rig, sealer } = await IngestRig.start({ url, brokers, topic, group: freshName('group') }, 's1'));
  });
  afterEach(async () => {
    await rig.end();
    await kafka.close();
    for (const pool of pools.splice(0)) await pool.end();
    await database.drop();
  });

  const message = (event: unknown) => ({
    key: Buffer.from('one'),
    value: Buffer.from(JSON.stringify(event)),
    headers: { 'content-type': 'application/cloudevents+json' },
  });
  const plaintext = {
    specversion: '1.0',
    type: 'custos.record.rrweb',
    source: '/r',
    id: '1',
    data: { typed: 'canary' },
  };

  async function send(...events: unknown[]): Promise<void> {
    const producer = await kafka.producer();
    await producer.send(topic, events.map(message));
    await producer.close();
  }
  async function sealed(first: number) {
    const by = await sealer('one');
    return sealedEvent(await sealRecords(by, typedRecords(10, 'canary', first), first), { first });
  }
  async function entriesOnce(stream: string, count: number): Promise<Entry[]> {
    const pool = openPool(database.url('custos_reader'), { connections: 1, name: 'test' });
    pools.push(pool);
    for (;;) {
      const entries = await new LogReader(pool).stream(stream);
      if (entries.length >= count) return entries;
      await sleep(20);
    }
  }
  async function ready(url: string) {
    const answer = await fetch(`${url}/health/ready`);
    const { checks } = (await answer.json()) as { checks: { name: string; ok: boolean }[] };
    return { status: answer.status, ok: checks.find(({ name }) => name === 'kafka-ingest')?.ok };
  }
  async function readyOnce(url: string): Promise<void> {
    while ((await ready(url)).ok !== true) await sleep(50);
  }

  it('says so in readiness and metrics, and repeats nothing of what it refuses', async () => {
    await send(await sealed(0), plaintext, await sealed(10));
    const url = await rig.listening(rig.launch());
    await entriesOnce('session/one', 4);
    await readyOnce(url);
    expect(await ready(url)).toEqual({ status: 200, ok: true });
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain(`custos_kafka_records_total{topic="${topic}",outcome="accepted"} 20`);
    expect(metrics).toContain(`custos_kafka_refused_messages_total{topic="${topic}",code="payload_unsealed"} 1`);
    expect(metrics).toContain(`custos_kafka_lag_messages{topic="${topic}",partition="0"} 0`);
    expect(rig.said).toContain('payload_unsealed');
    expect(metrics + rig.said).not.toContain('canary');
    expect((await rig.verify()).problems).toEqual([]);
  });

  it('says that it takes nothing without a broker, and goes on serving everything else', async () => {
    const url = await rig.listening(rig.launch({ KAFKA_BROKERS: '127.0.0.1:1' }));
    expect(await ready(url)).toEqual({ status: 200, ok: false });
  });

  it('says what the broker had deleted before it was taken, and goes on behind it', async () => {
    await send(await sealed(0), await sealed(10), await sealed(20));
    const admin = new Kafka({ brokers: [...(testBrokers() ?? [])], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(topic); // kafkajs deletes only in topics that it has asked about
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    await admin.disconnect();
    rig.launch();
    const moves = await entriesOnce(`topic/${topic}/0`, 2);
    expect(moves).toMatchObject([
      { type: 'messages.lost', data: { topic, partition: 0, from: 0, next: 2 } },
      { type: 'messages.taken', data: { from: 2, next: 3, refused: [] } },
    ]);
    const session = await entriesOnce('session/one', 4);
    expect(session[0]).toMatchObject({ type: 'records.missing', data: { first: 0, count: 20 } });
  });
});
