import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaPort } from '../../src/kafka/kafka-port.js';
import { openPool } from '../../src/log/database.js';
import { LogReader } from '../../src/log/log-reader.js';
import { cloneDatabase, type TestDatabase } from '../postgres/database.js';
import { sealRecords } from '../sealed-source.js';
import { typedRecords } from '../vault-in-process.js';
import { IngestRig } from './ingest-rig.js';
import { sealedEvent } from './sealed-event.js';
import { describeWithKafka, freshName, testBrokers, testClient } from './test-kafka.js';
import { publishedEntries } from './topic-content.js';

describeWithKafka('services that publish the log', () => {
  let database: TestDatabase;
  let kafka: KafkaPort;
  let topics: { records: string; log: string; checkpoints: string };
  let rig: IngestRig;
  let sealer: Awaited<ReturnType<typeof IngestRig.start>>['sealer'];

  beforeEach(async () => {
    database = await cloneDatabase();
    kafka = testClient();
    topics = { records: freshName('records'), log: freshName('log'), checkpoints: freshName('checkpoints') };
    await kafka.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1, replicas: 1 })));
    const url = (role: Parameters<TestDatabase['url']>[0]) => database.url(role);
    const brokers = testBrokers() ?? [];
    const group = freshName('group');
    ({ rig, sealer } = await IngestRig.start({ url, brokers, topic: topics.records, group }, 's1'));
  });
  afterEach(async () => {
    await rig.end();
    await kafka.close();
    await database.drop();
  });

  const launch = (differing: Record<string, string> = {}) =>
    rig.launch({
      CUSTOS_KAFKA_PUBLISH: 'on',
      CUSTOS_KAFKA_LOG_TOPIC: topics.log,
      CUSTOS_KAFKA_CHECKPOINT_TOPIC: topics.checkpoints,
      ...differing,
    });
  async function send(first: number): Promise<void> {
    const event = sealedEvent(await sealRecords(await sealer('one'), typedRecords(10, 'canary', first), first), {
      first,
    });
    const headers = { 'content-type': 'application/cloudevents+json' };
    const producer = await kafka.producer();
    await producer.send(topics.records, [
      { key: Buffer.from('one'), value: Buffer.from(JSON.stringify(event)), headers },
    ]);
    await producer.close();
  }
  async function metric(url: string, name: string): Promise<number | undefined> {
    const text = await (await fetch(`${url}/metrics`)).text();
    const [, value] = new RegExp(`^${name} (\\S+)$`, 'm').exec(text) ?? [];
    return value === undefined ? undefined : Number(value);
  }
  async function publisher(url: string): Promise<{ status: number; check: unknown }> {
    const answer = await fetch(`${url}/health/ready`);
    const { checks } = (await answer.json()) as { checks: { name: string }[] };
    return { status: answer.status, check: checks.find(({ name }) => name === 'kafka-publisher') };
  }
  async function eventually(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await sleep(50);
  }

  it('bring what came by one topic out by the other, and another goes on where one was killed', async () => {
    const [first, second] = [launch(), launch()];
    const urls = await Promise.all([rig.listening(first), rig.listening(second)]);
    await send(0);
    const publishes = (url: string) => metric(url, 'custos_kafka_publishing');
    await eventually(async () => ((await publishes(urls[0])) ?? 0) + ((await publishes(urls[1])) ?? 0) === 1);
    const [killed, left] = (await publishes(urls[0])) === 1 ? [first, urls[1]] : [second, urls[0]];
    killed.kill('SIGKILL');
    await send(10);
    const pool = openPool(database.url('custos_reader'), { connections: 1, name: 'test' });
    const reader = new LogReader(pool);
    await eventually(
      async () => (await reader.stream('session/one')).filter(({ type }) => type === 'session.batch').length === 2,
    );
    await eventually(async () => (await metric(left, 'custos_kafka_publish_lag_entries')) === 0);
    const headers = await reader.headers(0, 1_000);
    await pool.end();
    const found = await publishedEntries(kafka, topics.log);
    expect(found.map(({ header }) => header)).toEqual(headers.map(({ header }) => Buffer.from(header)));
    expect(await publisher(left)).toEqual({
      status: 200,
      check: { name: 'kafka-publisher', ok: true, lag: 0 },
    });
  });

  it('say that they stand still, and serve all the same', async () => {
    const url = await rig.listening(
      launch({ CUSTOS_KAFKA_LOG_TOPIC: freshName('nowhere'), CUSTOS_KAFKA_STALLED_SECONDS: '5' }),
    );
    await eventually(async () => (await publisher(url)).check !== undefined);
    await eventually(async () => !((await publisher(url)).check as { ok: boolean }).ok);
    expect(await publisher(url)).toMatchObject({ status: 200, check: { ok: false } });
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toMatch(/^custos_kafka_publish_failures_total\{code="kafka_topic_unknown"\} [1-9]/m);
    expect(rig.said).toContain('"code":"kafka_topic_unknown"');
  });
});
