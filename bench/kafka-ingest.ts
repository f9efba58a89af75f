import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CutRecord } from '../src/capture/formats/format.js';
import { agentnet } from '../src/capture/formats/agentnet.js';
import { decomposeAll, inPlaces, raiseAll } from '../src/capture/take-apart.js';
import { kafkajsClient } from '../src/kafka/kafkajs-client.js';
import type { KafkaPort, OutgoingMessage } from '../src/kafka/kafka-port.js';
import { sealedBatchType } from '../src/kafka/read-message.js';
import { openPool } from '../src/log/database.js';
import { decodeHeader } from '../src/log/header.js';
import { LogReader } from '../src/log/log-reader.js';
import type { SourceSealer } from '../src/sealing/seal-at-source.js';
import { IngestRig } from '../test/kafka/ingest-rig.js';
import { median } from './interleaved.js';
import { recordings, repeated } from './recordings.js';
import type { Bench } from './scenario.js';

export interface IngestPreset {
  readonly sessions: number;
  readonly messagesASession: number;
}

const recordsAMessage = 512;
const partitions = 8;
const freshName = (of: string) => `custos-bench-${of}-${randomUUID()}`;
const processes = 2;
/** A broker takes no larger batch than message. */
const messagesASend = 16;
const subject = 'subject-0';
/** Compilers and caches of a service that runs are warm, and the group has its members: timed is what comes after. */
const warmUpShare = 0.25;

interface Filled {
  readonly topic: string;
  readonly records: number;
  readonly messages: number;
}

/** Sealed batches that lie on a topic: how fast two services have them in the log, and how fast they could be read at all. */
export async function measureIngest(bench: Bench, brokers: readonly string[], preset: IngestPreset): Promise<void> {
  const database = await bench.database();
  const kafka = kafkajsClient({ brokers, clientId: 'custos-bench' });
  const [topic, group] = [freshName('records'), freshName('group')];
  await kafka.createTopics([{ topic, partitions, replicas: 1 }]);
  const program = [...process.execArgv, 'src/cli/main.ts'];
  const { rig, sealer } = await IngestRig.start(
    { url: (role) => database.url(role), brokers, topic, group, program },
    subject,
  );
  const pool = openPool(database.url('custos_reader'), { connections: 2, name: 'bench' });
  try {
    const messages = await sealedMessages(sealer, preset);
    const bytes = messages.reduce((sum, { value }) => sum + value.length, 0);
    bench.say(
      `${messages.length} messages of ${recordsAMessage} records, ${Math.round(bytes / messages.length)} bytes each`,
    );
    const services = Array.from({ length: processes }, () => rig.launch());
    const urls = await Promise.all(services.map((service) => rig.listening(service)));
    // Each has partitions before there is anything to take, or the first would take all of it alone.
    while ((await Promise.all(urls.map(partitionsOf))).some((count) => count === 0)) await sleep(100);
    await produce(kafka, topic, messages);
    const filled = { topic, messages: messages.length, records: messages.length * recordsAMessage };
    const reader = new LogReader(pool);
    const perSecond = await untilTaken(reader, filled);
    for (const url of urls) bench.check('every process took part', (await acceptedBy(url)) > 0);
    bench.check('the log verifies', (await rig.verify()).ok);
    const bare = [await bareConsume(kafka, filled), await bareConsume(kafka, filled)];
    bench.say(`read and thrown away: ${bare.map(Math.round).join(', ')} records/s`);
    bench.report({
      measure: `from a topic to committed entries, ${processes} processes`,
      value: perSecond,
      unit: 'records/s',
      against: { name: 'the client alone, one process that throws messages away', value: median(bare) },
    });
    const { accepted, others } = await inTheLog(reader);
    bench.check('every record is in the log once', accepted === filled.records && others === 0);
  } finally {
    await pool.end();
    await rig.end();
    await kafka.close();
  }
}

/** In the order in which recorders that run side by side would send them. */
async function sealedMessages(
  sealer: (session: string) => Promise<SourceSealer>,
  { sessions, messagesASession }: IngestPreset,
): Promise<OutgoingMessage[]> {
  const [desktop] = recordings();
  const records = repeated(desktop as NonNullable<typeof desktop>, recordsAMessage * messagesASession);
  const sealers = await Promise.all(Array.from({ length: sessions }, (_, session) => sealer(`session-${session}`)));
  const messages: OutgoingMessage[] = [];
  for (let first = 0; first < records.length; first += recordsAMessage) {
    const some = records.slice(first, first + recordsAMessage);
    for (const [session, by] of sealers.entries()) messages.push(await message(by, `session-${session}`, first, some));
  }
  return messages;
}

async function produce(kafka: KafkaPort, topic: string, messages: readonly OutgoingMessage[]): Promise<void> {
  const producer = await kafka.producer();
  for (let at = 0; at < messages.length; at += messagesASend) {
    await producer.send(topic, messages.slice(at, at + messagesASend));
  }
  await producer.close();
}

async function message(by: SourceSealer, session: string, first: number, records: readonly CutRecord[]) {
  const decomposed = decomposeAll(records.map(({ data }) => data), agentnet); // prettier-ignore
  const taken = await raiseAll(decomposed, agentnet, new Map());
  const { good } = inPlaces(taken, (index) => records[index]?.time as number, { first, from: first });
  const data = { session, subject, format: 'agentnet', first, count: records.length, sealed: await by.seal(good, []) };
  const event = { specversion: '1.0', type: sealedBatchType, source: '/bench', id: `${session}/${first}`, data };
  return {
    key: Buffer.from(session),
    value: Buffer.from(JSON.stringify(event)),
    headers: { 'content-type': 'application/cloudevents+json' },
  } satisfies OutgoingMessage;
}

/** Records a second of the client itself: fetched, and nothing done with them. */
async function bareConsume(kafka: KafkaPort, { topic, messages, records }: Filled): Promise<number> {
  let got = 0;
  let all!: () => void;
  const done = new Promise<void>((resolve) => (all = resolve));
  let began = Number.NaN;
  const consumer = await kafka.consume({
    group: freshName('bare'),
    topics: [topic],
    concurrency: partitions,
    onAssigned: async (assigned) => {
      began = performance.now();
      return assigned.map(({ low, ...of }) => ({ ...of, offset: low }));
    },
    onBatch: async ({ messages: some }) => {
      got += some.length;
      if (got >= messages) all();
    },
    onRevoked: () => undefined,
    onStopped: () => all(),
  });
  await done;
  const seconds = (performance.now() - began) / 1000;
  await consumer.close();
  return got === messages ? records / seconds : Number.NaN;
}

/** Records a second after the first part, by the time that the log itself gives its entries. */
async function untilTaken(reader: LogReader, { records }: Filled): Promise<number> {
  let [next, accepted] = [0, 0];
  let began: { readonly at: number; readonly accepted: number } | undefined;
  for (;;) {
    const rows = await reader.headers(next, 2000);
    for (const { header } of rows) {
      const entry = decodeHeader(header);
      next = entry.position + 1;
      if (entry.type !== 'session.batch') continue;
      accepted += entry.data.count;
      if (accepted >= records * warmUpShare) began ??= { at: entry.at, accepted };
      if (accepted >= records && began !== undefined)
        return (accepted - began.accepted) / ((entry.at - began.at) / 1000);
    }
    if (rows.length === 0) await sleep(100);
  }
}

async function inTheLog(reader: LogReader): Promise<{ accepted: number; others: number }> {
  let [next, accepted, others] = [0, 0, 0];
  for (;;) {
    const rows = await reader.headers(next, 2000);
    if (rows.length === 0) return { accepted, others };
    for (const { header } of rows) {
      const entry = decodeHeader(header);
      next = entry.position + 1;
      if (entry.type === 'session.batch') accepted += entry.data.count;
      if (/^records\./.test(entry.type) || (entry.type === 'messages.taken' && entry.data.refused.length > 0))
        others += 1;
    }
  }
}

const metricsOf = async (url: string) => (await fetch(`${url}/metrics`)).text();

const partitionsOf = async (url: string): Promise<number> =>
  [...(await metricsOf(url)).matchAll(/^custos_kafka_lag_messages\{/gm)].length;

async function acceptedBy(url: string): Promise<number> {
  const text = await metricsOf(url);
  return Number(/^custos_kafka_records_total\{[^}]*outcome="accepted"[^}]*\} (\d+)$/m.exec(text)?.[1] ?? 0);
}
