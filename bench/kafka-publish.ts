import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkajsClient } from '../src/kafka/kafkajs-client.js';
import type { KafkaPort, OutgoingMessage } from '../src/kafka/kafka-port.js';
import { publishableBatches } from '../src/kafka/publishable-batches.js';
import { LogPublisher } from '../src/kafka/publish-log.js';
import { openPool } from '../src/log/database.js';
import type { Draft } from '../src/log/draft.js';
import type { CommandId, PersonId, SessionId } from '../src/log/ids.js';
import type { Log } from '../src/log/log.js';
import { writeCommand } from '../src/log/write-command.js';
import { freshName } from '../test/kafka/test-kafka.js';
import { publishedEntries } from '../test/kafka/topic-content.js';
import { interleaved, median } from './interleaved.js';
import { openLog } from './log-under-test.js';
import type { Bench } from './scenario.js';

export interface PublishPreset {
  readonly entries: number;
  readonly rounds: number;
}

/** As a service writes them: batches of a session, two sealed columns each, some 1.2 KB a message. */
const columnBytes = 400;
const entriesAnAppend = 250;
const mostMessageBytes = 1_000_000;

/** A log that is there: how fast it is in a topic, and how fast the client sends messages that lie ready. */
export async function measurePublish(bench: Bench, brokers: readonly string[], preset: PublishPreset): Promise<void> {
  const database = await bench.database();
  const under = await openLog(database, 1);
  const kafka = kafkajsClient({ brokers, clientId: 'custos-bench' });
  const pool = openPool(database.url('custos_service'), { connections: 4, name: 'bench publisher' });
  try {
    const [log] = under.instances as [Log];
    await fill(log, preset.entries);
    const { size } = await log.reader.head();
    const batches = await allBatches(log, size);
    const bytes = batches.flat().reduce((sum, { value }) => sum + value.length, 0);
    bench.say(`${size} entries, ${Math.round(bytes / size)} bytes a message`);
    let published = '';
    const perSecond = await interleaved(preset.rounds, {
      publish: async () => {
        const logTopic = (published = await topic(kafka));
        return size / (await publishAll({ log, pool, kafka, logTopic, checkpointTopic: await topic(kafka) }, size));
      },
      bare: async () => size / (await sendAll(kafka, await topic(kafka), batches)),
    });
    const found = await publishedEntries(kafka, published);
    const headers = await log.reader.headers(0, size);
    const same = found.every(({ header }, index) => header.equals(headers[index]?.header ?? Buffer.alloc(0)));
    bench.check('every entry is in the topic, in its order', found.length === size && same);
    bench.check('every sealed column is in the topic', found.slice(1).every(({ columns = {} }) => Object.keys(columns).length === 2)); // prettier-ignore
    bench.report({
      measure: 'from the log to its topic',
      value: median(perSecond.publish),
      unit: 'entries/s',
      against: { name: 'the client alone, sending messages that lie ready', value: median(perSecond.bare) },
    });
  } finally {
    await pool.end();
    await kafka.close();
    await under.close();
  }
}

async function fill(log: Log, entries: number): Promise<void> {
  for (let at = 0; at < entries; at += entriesAnAppend) {
    const drafts = Array.from({ length: entriesAnAppend }, (_, index) => batch(at + index));
    const command = writeCommand(`fill-${at}` as CommandId, 'bench' as PersonId, 'intent', 0);
    await log.append(command, () => ({ entries: drafts, answer: null }));
  }
}

function batch(first: number): Draft {
  const session = `session-${first % 16}` as SessionId;
  const columns = (['typed', 'pointer'] as const).map((field) => ({ field, sealed: randomBytes(columnBytes) }));
  const data = { session, first, count: 1, epoch: new Uint8Array(16), from: 0, to: 0, catalogue: 1 };
  return { type: 'session.batch', stream: `session/${session}`, data, columns };
}

async function topic(kafka: KafkaPort): Promise<string> {
  const name = freshName('bench');
  await kafka.createTopics([{ topic: name, partitions: 1, replicas: 1 }]);
  return name;
}

type Publishing = Pick<ConstructorParameters<typeof LogPublisher>[0], 'log' | 'pool' | 'kafka' | 'logTopic' | 'checkpointTopic'>; // prettier-ignore

/** Seconds until the database says that all of it is published. */
async function publishAll(publishing: Publishing, size: number): Promise<number> {
  let failure: unknown;
  const began = performance.now();
  const publisher = new LogPublisher({ ...publishing, mostMessageBytes, onFailure: (error) => (failure = error) });
  const { pool, logTopic } = publishing;
  const published = async () => {
    const text = 'SELECT size FROM log.published WHERE topic = $1';
    return (await pool.query<{ size: number }>(text, [logTopic])).rows[0]?.size ?? 0;
  };
  while (failure === undefined && (await published()) < size) await sleep(10);
  const seconds = (performance.now() - began) / 1_000;
  await publisher.close();
  if (failure !== undefined) throw failure as Error;
  return seconds;
}

async function sendAll(
  kafka: KafkaPort,
  name: string,
  batches: readonly (readonly OutgoingMessage[])[],
): Promise<number> {
  const began = performance.now();
  const producer = await kafka.producer();
  for (const messages of batches) await producer.send(name, messages);
  const seconds = (performance.now() - began) / 1_000;
  await producer.close();
  return seconds;
}

/** What the publisher sends, made before the clock runs. */
async function allBatches({ tail, bodies }: Log, size: number): Promise<readonly OutgoingMessage[][]> {
  const stop = new AbortController();
  const made: OutgoingMessage[][] = [];
  const options = { tail, bodies, from: 0, mostBytes: mostMessageBytes, signal: stop.signal };
  for await (const { to, messages } of publishableBatches(options)) {
    made.push([...messages]);
    if (to === size) stop.abort();
  }
  return made;
}
