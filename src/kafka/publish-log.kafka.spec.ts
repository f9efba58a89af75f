import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { OwnBroker } from '../../test/kafka/own-broker.js';
import { describeWithKafka, freshName, itWithOwnBroker, testClient } from '../../test/kafka/test-kafka.js';
import { publishedEntries, topicMessages, type Published } from '../../test/kafka/topic-content.js';
import type { Draft } from '../log/draft.js';
import { decodeHeader } from '../log/header.js';
import { append, consent, origin, TestLog, verifiers } from '../log/test-log.spec.js';
import { openCheckpoint } from '../merkle/checkpoint.js';
import type { KafkaPort } from './kafka-port.js';
import { LogPublisher, type PublisherOptions } from './publish-log.js';
import { PublishedLag } from './published-lag.js';

describeWithKafka('publishing the log', () => {
  let test: TestLog;
  let db: pg.Pool;
  let kafka: KafkaPort;
  let topics: { logTopic: string; checkpointTopic: string };
  const publishers: LogPublisher[] = [];

  beforeEach(async () => {
    test = await TestLog.open();
    db = test.pool('custos_service');
    kafka = testClient();
    topics = await makeTopics(kafka);
  });
  afterEach(async () => {
    for (const publisher of publishers.splice(0)) await publisher.close();
    await kafka.close();
    await test.close();
  });

  function publish(options: Partial<PublisherOptions> = {}) {
    const failures: unknown[] = [];
    const publisher = new LogPublisher({
      log: test.log,
      pool: db,
      kafka,
      ...topics,
      mostMessageBytes: 1_000_000,
      onFailure: (error) => void failures.push(error),
      ...options,
    });
    publishers.push(publisher);
    return { publisher, failures };
  }

  const publishedSize = async (topic = topics.logTopic) => {
    const { rows } = await db.query<{ size: number }>('SELECT size FROM log.published WHERE topic = $1', [topic]);
    return rows[0]?.size ?? 0;
  };
  async function published(topic?: string): Promise<void> {
    while ((await publishedSize(topic)) < (await test.log.reader.head()).size) await sleep(20);
  }

  /** What must be in the topic, read past the publisher. */
  async function expected(): Promise<Published[]> {
    const size = (await test.log.reader.head()).size;
    const columns = new Map<number, [string, Buffer][]>();
    for await (const page of test.log.bodies.scan(0, size)) {
      for (const { position, field, sealed } of page) {
        columns.set(position, [...(columns.get(position) ?? []), [field, Buffer.from(sealed)]]);
      }
    }
    const headers = await test.log.reader.headers(0, size);
    return headers.map(({ position, header }) => ({
      position,
      key: decodeHeader(header).stream,
      header: Buffer.from(header),
      columns: Object.fromEntries(columns.get(position) ?? []),
    }));
  }

  it('brings every entry, header clear and body sealed, in the order of each stream', async () => {
    publish();
    for (let i = 0; i < 20; i += 1) await append(test.log, consent(`subject/s${i % 3}`), batch(i, 100));
    await published();
    expect(await publishedEntries(kafka, topics.logTopic)).toEqual(await expected());
  });

  it('names position, size, type and command beside the value, and the time of the entry is that of the message', async () => {
    await append(test.log, consent('subject/s1'), consent('subject/s1'));
    publish();
    await published();
    const messages = await topicMessages(kafka, topics.logTopic);
    const [, first, second] = [...messages].sort(
      (a, b) => Number(a.headers['position']) - Number(b.headers['position']),
    );
    const entry = decodeHeader(await test.log.reader.header(1));
    expect(texts(first?.headers)).toEqual({
      position: '1',
      size: '2',
      type: 'consent.changed',
      command: Buffer.from(entry.command ?? []).toString('hex'),
    });
    expect(texts(second?.headers)).toEqual({ position: '2', size: '3', type: 'consent.changed' });
    expect(first?.at).toBe(entry.at);
  });

  it('gives the same bytes when a topic is built anew', async () => {
    for (let i = 0; i < 30; i += 1) await append(test.log, batch(i, 500));
    publish();
    await published();
    const anew = await makeTopics(kafka);
    publish(anew);
    await published(anew.logTopic);
    const bytesOf = async (topic: string) =>
      (await topicMessages(kafka, topic)).map(({ key, value, headers, at, partition }) => ({
        ...{ key, value, headers, at, partition },
      }));
    expect(await bytesOf(anew.logTopic)).toEqual(await bytesOf(topics.logTopic));
  });

  it('sends an entry that fits into no message without its columns, and those around it with theirs', async () => {
    const most = 100_000;
    await append(test.log, batch(0, 100));
    await append(test.log, batch(1, most));
    await append(test.log, batch(2, 100));
    publish({ mostMessageBytes: most });
    await published();
    const found = await publishedEntries(kafka, topics.logTopic);
    const [opened, first, large, last] = await expected();
    expect(found).toEqual([opened, first, { ...large, columns: undefined }, last]);
    // The reference: whoever has the position and the directory can fetch the columns, and tell that they are right.
    expect(decodeHeader(found[2]?.header ?? Buffer.alloc(0))).toMatchObject({
      position: 2,
      columns: [{ bytes: most }],
    });
  });

  it('sends a signed checkpoint after the entries that it covers', async () => {
    publish();
    for (let i = 0; i < 5; i += 1) {
      await append(test.log, consent());
      await published();
    }
    const head = await test.log.reader.head();
    await eventually(async () => {
      const messages = await topicMessages(kafka, topics.checkpointTopic);
      const notes = messages.map(({ value }) => Buffer.from(value ?? []).toString());
      return notes.at(-1) === head.checkpoint;
    });
    const messages = await topicMessages(kafka, topics.checkpointTopic);
    for (const { key, value, headers } of messages) {
      const checkpoint = openCheckpoint(Buffer.from(value ?? []).toString(), origin, verifiers);
      expect(Buffer.from(key ?? []).toString()).toBe(origin);
      expect(checkpoint.size).toBe(Number(texts(headers)['size']));
    }
  });

  it('does not publish to a topic that was made anew under its name: what is missing there would be missing for good', async () => {
    await append(test.log, consent());
    const { publisher } = publish();
    await published();
    await publisher.close();
    await test
      .pool('superuser')
      .query('UPDATE log.published SET topic = $2 WHERE topic = $1', [
        topics.logTopic,
        (topics = await makeTopics(kafka)).logTopic,
      ]);
    await append(test.log, consent());
    const { failures } = publish();
    await eventually(async () => failures.length > 0);
    expect(failures[0]).toMatchObject({ code: 'kafka_position_unknown' });
    expect(await publishedEntries(kafka, topics.logTopic)).toEqual([]);
  });

  it('leaves it to one instance, and another goes on where that one was killed', async () => {
    const one = publish();
    await eventually(async () => one.publisher.isPublishing);
    const other = publish();
    await append(test.log, consent());
    await published();
    expect([one.publisher.isPublishing, other.publisher.isPublishing]).toEqual([true, false]);
    await test.pool('superuser').query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    await append(test.log, consent(), consent());
    await published();
    const positions = (await publishedEntries(kafka, topics.logTopic)).map(({ position }) => position);
    expect(positions).toEqual([0, 1, 2, 3]);
  });

  it('sends again and loses nothing where another instance has moved the size meanwhile', async () => {
    const slow = publish({ kafka: overtaken(kafka, db) });
    await append(test.log, consent());
    await eventually(async () => slow.failures.length > 0);
    expect(slow.failures[0]).toMatchObject({ code: 'kafka_published_by_another' });
    await published();
    expect(await publishedEntries(kafka, topics.logTopic)).toEqual(await expected());
  });

  it('says that it stands still when it does, and how far behind it is', async () => {
    let now = 0;
    const lag = new PublishedLag(db, topics.logTopic, 1_000, () => now);
    await append(test.log, consent());
    const looks = async () => ({ ...(await lag.look()), still: lag.standsStill });
    expect(await looks()).toEqual({ published: 0, lag: 2, still: false });
    now = 1_000;
    expect(await looks()).toEqual({ published: 0, lag: 2, still: false });
    now = 1_001;
    expect(await looks()).toEqual({ published: 0, lag: 2, still: true });
    publish();
    await published();
    expect(await looks()).toEqual({ published: 2, lag: 0, still: false });
    // Idle for long is not standing still.
    now = 1_000_000;
    await append(test.log, consent());
    expect(await looks()).toMatchObject({ still: false });
    await lag.close();
  });

  itWithOwnBroker(
    'comes through a broker that is killed, and away for longer than every retry, without losing an entry',
    async () => {
      const broker = await OwnBroker.start();
      const client = testClient(broker.brokers);
      const own = await makeTopics(client);
      const { failures } = publish({ kafka: client, ...own });
      await append(test.log, batch(0, 100));
      await published(own.logTopic);
      let writing = true;
      const writer = (async () => {
        for (let i = 1; writing; i += 1) {
          await append(test.log, batch(i, 2_000), consent(`subject/s${i % 5}`));
          await sleep(10); // some thousand entries, however long it takes
        }
      })();
      await broker.kill();
      // Two attempts that ran out: the client has given up on what it had under way, more than once.
      await eventually(async () => failures.length >= 2);
      await broker.startAgain();
      await eventually(async () => (await publishedSize(own.logTopic)) > 1);
      writing = false;
      await writer;
      await published(own.logTopic);
      expect(await publishedEntries(client, own.logTopic)).toEqual(await expected());
      await publishers.pop()?.close();
      await client.close();
      await broker.remove();
    },
    120_000,
  );
});

/** A port whose first send is followed by another instance's move of the size, before the sender gets to it. */
function overtaken(kafka: KafkaPort, db: pg.Pool): KafkaPort {
  let first = true;
  return {
    producer: async () => {
      const producer = await kafka.producer();
      return {
        close: () => producer.close(),
        send: async (topic, messages) => {
          await producer.send(topic, messages);
          if (!first || messages[0]?.headers['position'] === undefined) return;
          first = false;
          await db.query('SELECT log.move_published($1, 0, 1)', [topic]);
        },
      };
    },
    consume: (options) => kafka.consume(options),
    createTopics: (made) => kafka.createTopics(made),
    offsets: (topic) => kafka.offsets(topic),
    close: () => kafka.close(),
  };
}

async function makeTopics(kafka: KafkaPort) {
  const [logTopic, checkpointTopic] = [freshName('log'), freshName('checkpoints')];
  await kafka.createTopics([
    { topic: logTopic, partitions: 3 },
    { topic: checkpointTopic, partitions: 1 },
  ]);
  return { logTopic, checkpointTopic };
}

const session = 'a-session';
function batch(first: number, bytes: number): Draft {
  return {
    type: 'session.batch',
    stream: `session/${session}-${first % 4}`,
    data: { session, first, count: 1, epoch: new Uint8Array(16), from: 0, to: 0, catalogue: 1 },
    columns: [{ field: 'typed', sealed: randomBytes(bytes) }],
  } as unknown as Draft;
}

const texts = (headers: Readonly<Record<string, Uint8Array>> = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString()]));

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
