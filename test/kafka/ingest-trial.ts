import '../page-threads.js';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkajsClient } from '../../src/kafka/kafkajs-client.js';
import type { IncomingMessage, KafkaPort, KafkaProducer } from '../../src/kafka/kafka-port.js';
import { openPool } from '../../src/log/database.js';
import type { Entry } from '../../src/log/header.js';
import { LogReader } from '../../src/log/log-reader.js';
import type { SourceSealer } from '../../src/sealing/seal-at-source.js';
import { FaultProxy } from '../faults/proxy.js';
import { FaultServer } from '../faults/server.js';
import { sealRecords } from '../sealed-source.js';
import { shuffled } from '../shuffled.js';
import { typedRecords } from '../vault-in-process.js';
import { IngestRig } from './ingest-rig.js';
import { OwnBroker } from './own-broker.js';
import { sealedEvent } from './sealed-event.js';
import { TcpProxy } from './tcp-proxy.js';
import { freshName } from './test-kafka.js';

const sessions = ['a', 'b', 'c', 'd', 'e', 'f'];
const subject = 's1';
const partitions = 4;
const recordsAMessage = 5;
const consumers = 2;
const takenWithinMs = 180_000;
const sessionSeconds = 3;
const longerThanASessionMs = 4_000;

export const faults = {
  'a consumer is killed': (trial) => trial.killConsumer(),
  'a consumer stands still until it has lost its partitions, and comes back': (trial) => trial.freezeConsumer(),
  'members of the group come and go': (trial) => trial.storm(),
  'every connection to PostgreSQL is reset': (trial) => trial.cutDatabase(),
  'PostgreSQL is killed and started again': (trial) => trial.killDatabase(),
  'the broker is killed and started again': (trial) => trial.killBroker(),
  'the broker stands still for longer than a session of the group': (trial) => trial.freezeBroker(),
  'every connection to the broker is reset': (trial) => trial.cutBroker(),
  'nothing passes between the broker and anybody, and then late': (trial) => trial.silenceBroker(),
  'all of the topic is sent once more': (trial) => trial.sendAllAgain(),
} as const satisfies Record<string, (trial: IngestTrial) => Promise<void>>;
export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

interface Sent {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** A topic that sources write all the time, services that take it, and things that happen to them meanwhile. */
export class IngestTrial {
  private readonly sealers = new Map<string, SourceSealer>();
  private readonly sent: Sent[] = [];
  private readonly messages = new Map<string, number>(sessions.map((session) => [session, 0]));
  private producer: KafkaProducer | undefined;
  private producing = false;
  private writing: Promise<void> = Promise.resolve();
  private sending: Promise<void> = Promise.resolve();
  readonly counts = { messages: 0, plaintext: 0, repeated: 0, kills: 0, failedStarts: 0 };
  private isOver = false;

  private constructor(
    private readonly broker: OwnBroker,
    private readonly server: FaultServer,
    private readonly proxy: FaultProxy,
    private readonly brokerProxy: TcpProxy,
    private readonly rig: IngestRig,
    private readonly kafka: KafkaPort,
    private readonly topic: string,
    private readonly random: () => number,
    private readonly readerUrl: () => string,
  ) {}

  static async start(random: () => number): Promise<IngestTrial> {
    const brokerProxy = await TcpProxy.start();
    const called = `127.0.0.1:${brokerProxy.port}`;
    const broker = await OwnBroker.start({ settings: () => ({ 'advertised.listeners': `PLAINTEXT://${called}` }) });
    brokerProxy.target = broker.port;
    const server = await FaultServer.start();
    const database = await server.newDatabase();
    const proxy = await FaultProxy.start(server.port);
    const throughProxy = (role: Parameters<FaultServer['url']>[0]) => {
      const url = new URL(server.url(role, database));
      url.port = String(proxy.port);
      return url.href;
    };
    const brokers = [called];
    const kafka = kafkajsClient({ brokers, clientId: 'custos-test' });
    const [topic, group] = [freshName('records'), freshName('group')];
    await kafka.createTopics([{ topic, partitions, replicas: 1 }]);
    const { rig, sealer } = await IngestRig.start({ url: throughProxy, brokers, topic, group }, subject);
    const readerUrl = () => server.url('custos_reader', database);
    const trial = new IngestTrial(broker, server, proxy, brokerProxy, rig, kafka, topic, random, readerUrl);
    for (const session of sessions) trial.sealers.set(session, await sealer(session));
    rig.onFailedStart = (env) => void trial.launchAgain(env);
    for (let count = 0; count < consumers; count += 1) trial.launch();
    trial.writeOn();
    return trial;
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.producing = false;
    await this.writing.catch(() => undefined);
    await this.producer?.close();
    await this.kafka.close();
    await this.rig.end();
    await this.proxy.close();
    await this.server.end();
    await this.broker.remove();
    await this.brokerProxy.close();
  }

  /** For a while, before something happens and after it. */
  async goOn(): Promise<void> {
    await sleep(300 + this.random() * 1200);
  }

  async killConsumer(): Promise<void> {
    this.counts.kills += 1;
    await this.endOne('SIGKILL');
    this.launch();
  }

  async freezeConsumer(): Promise<void> {
    const child = this.one();
    child.kill('SIGSTOP');
    await sleep(longerThanASessionMs);
    child.kill('SIGCONT');
  }

  async storm(): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      this.launch();
      await sleep(this.random() * 1500);
      await this.endOne(this.random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
    }
  }

  cutDatabase(): Promise<void> {
    return this.proxy.finishAll();
  }

  async killDatabase(): Promise<void> {
    this.counts.kills += 1;
    await this.server.killAll();
    await this.server.restart();
    this.proxy.retarget(this.server.port);
  }

  async killBroker(): Promise<void> {
    this.counts.kills += 1;
    await this.broker.kill();
    await sleep(this.random() * 1000);
    await this.broker.startAgain();
  }

  async freezeBroker(): Promise<void> {
    this.broker.pause();
    await sleep(longerThanASessionMs);
    this.broker.goOn();
  }

  async cutBroker(): Promise<void> {
    await this.someConnection();
    this.brokerProxy.reset();
  }

  async silenceBroker(): Promise<void> {
    await this.someConnection();
    this.brokerProxy.silence();
    await sleep(longerThanASessionMs);
    this.brokerProxy.restore();
  }

  /** A fault of the network that nobody is on would be none. */
  private async someConnection(): Promise<void> {
    const deadline = Date.now() + takenWithinMs;
    while (this.brokerProxy.count === 0) {
      if (Date.now() > deadline) throw new Error('nobody talks to the broker by way of the proxy');
      await sleep(20);
    }
  }

  async sendAllAgain(): Promise<void> {
    this.counts.repeated += this.sent.length;
    for (const message of [...this.sent]) await this.send(message);
  }

  /** Ends writing, waits until all of it is taken, and says what is not as it must be. */
  async judge(): Promise<string[]> {
    this.producing = false;
    await this.writing;
    const ends = await this.ends();
    const pool = openPool(this.readerUrl(), { connections: 2, name: 'judge' });
    try {
      const reader = new LogReader(pool);
      const wrong: string[] = [];
      const deadline = Date.now() + takenWithinMs;
      for (const { partition, high } of ends) {
        while ((await positionOf(reader, this.topic, partition)) < high) {
          if (Date.now() > deadline) return [`partition ${partition} was not taken: ${this.rig.said}`];
          await sleep(100);
        }
        const moves = await reader.stream(`topic/${this.topic}/${partition}`);
        wrong.push(...wrongMoves(moves, high).map((what) => `partition ${partition}: ${what}`));
        wrong.push(...(await this.wrongRefusals(partition, moves)));
      }
      for (const [session, count] of this.messages) wrong.push(...(await wrongRecords(reader, session, count)));
      const { problems } = await this.rig.verify();
      return [...wrong, ...problems.map(({ position, check }) => `position ${position}: ${check}`)];
    } finally {
      await pool.end();
    }
  }

  /** Goes on after it was judged. */
  writeOn(): void {
    this.producing = true;
    this.writing = this.write();
  }

  private async ends() {
    for (;;) {
      try {
        return await this.kafka.offsets(this.topic);
      } catch {
        await sleep(200);
      }
    }
  }

  private launch(): void {
    this.rig.launch({ CUSTOS_KAFKA_SESSION_SECONDS: String(sessionSeconds) });
  }

  private async launchAgain(env: Record<string, string>): Promise<void> {
    this.counts.failedStarts += 1;
    await sleep(500);
    if (!this.isOver) this.rig.launch(env);
  }

  private one() {
    const [child] = shuffled(this.rig.running, this.random);
    if (child === undefined) throw new Error(`no consumer runs: ${this.rig.said}`);
    return child;
  }

  private async endOne(signal: NodeJS.Signals): Promise<void> {
    const child = this.one();
    const ended = once(child, 'exit');
    child.kill(signal);
    // One that ends gently waits for what may be away just now.
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }

  private async write(): Promise<void> {
    while (this.producing) {
      for (const session of sessions) {
        const index = this.messages.get(session) as number;
        const first = index * recordsAMessage;
        const sealed = await sealRecords(
          this.sealers.get(session) as SourceSealer,
          typedRecords(recordsAMessage, 'typed', first),
          first,
        );
        const message = messageOf(session, sealedEvent(sealed, { session, subject, first }));
        this.messages.set(session, index + 1);
        this.sent.push(message);
        await this.send(message);
        if (this.random() < 0.05) await this.sendPlaintext(session);
        if (this.random() < 0.05) await this.send(message);
      }
      await sleep(20);
    }
  }

  private async sendPlaintext(session: string): Promise<void> {
    this.counts.plaintext += 1;
    await this.send(messageOf(session, { ...plaintext, id: `${this.counts.plaintext}` }));
  }

  /** One after the other, as a producer wants it. */
  private send(message: Sent): Promise<void> {
    this.sending = this.sending.then(() => this.sendNow(message));
    return this.sending;
  }

  /** As a source does that loses nothing: the same again, until it is acknowledged. */
  private async sendNow(message: Sent): Promise<void> {
    for (;;) {
      try {
        this.producer ??= await this.kafka.producer();
        await this.producer.send(this.topic, [message]);
        this.counts.messages += 1;
        return;
      } catch {
        await this.producer?.close();
        this.producer = undefined;
        await sleep(100);
      }
    }
  }

  private async wrongRefusals(partition: number, moves: readonly Entry[]): Promise<string[]> {
    const told = moves.flatMap((entry) => (entry.type === 'messages.taken' ? entry.data.refused : []));
    const meant = (await this.messagesOf(partition)).filter(isPlaintext).map(({ offset }) => offset);
    const refused = told.map(({ offset, code }) => `${offset} ${code}`).sort();
    const expected = meant.map((offset) => `${offset} payload_unsealed`).sort();
    return JSON.stringify(refused) === JSON.stringify(expected)
      ? []
      : [`partition ${partition}: refused ${refused.join(', ')}, and not ${expected.join(', ')}`];
  }

  /** As whoever reads the topic without us. */
  private async messagesOf(partition: number): Promise<IncomingMessage[]> {
    const high = (await this.ends()).find((one) => one.partition === partition)?.high ?? 0;
    const got: IncomingMessage[] = [];
    if (high === 0) return got;
    let all!: () => void;
    const done = new Promise<void>((resolve) => (all = resolve));
    const consumer = await this.kafka.consume({
      group: freshName('judge'),
      topics: [this.topic],
      onAssigned: async (assigned) => assigned.map(({ low, ...of }) => ({ ...of, offset: low })),
      onBatch: async ({ partition: of, messages }) => {
        if (of !== partition) return;
        got.push(...messages);
        if ((messages.at(-1)?.offset ?? -1) >= high - 1) all();
      },
      onRevoked: () => undefined,
      onStopped: () => all(),
    });
    await done;
    await consumer.close();
    return got;
  }
}

const plaintext = { specversion: '1.0', type: 'custos.record.rrweb', source: '/recorder', data: { typed: 'canary' } };
const isPlaintext = ({ value }: IncomingMessage) =>
  Buffer.from(value ?? [])
    .toString()
    .includes('canary');

const messageOf = (session: string, event: unknown): Sent => ({
  key: Buffer.from(session),
  value: Buffer.from(JSON.stringify(event)),
  headers: { 'content-type': 'application/cloudevents+json' },
});

async function positionOf(reader: LogReader, topic: string, partition: number): Promise<number> {
  const last = await reader.lastOf(`topic/${topic}/${partition}`);
  return last?.type === 'messages.taken' ? last.data.next : 0;
}

/** Each move begins where the one before ended, and they lead to the end. */
function wrongMoves(moves: readonly Entry[], high: number): string[] {
  let next = 0;
  for (const { type, data, position } of moves) {
    if (type !== 'messages.taken') return [`${type} at ${position}`];
    if (data.from !== next) return [`the move at ${position} begins at ${data.from}, and not at ${next}`];
    next = data.next;
  }
  return next === high ? [] : [`taken up to ${next}, and not to ${high}`];
}

/** Every record that was sent is there, once and in order, and nothing is said to be missing. */
async function wrongRecords(reader: LogReader, session: string, messages: number): Promise<string[]> {
  const entries = await reader.stream(`session/${session}`);
  const others = entries.filter(({ type }) => !['session.opened', 'session.keyed', 'session.batch'].includes(type));
  const firsts = entries.flatMap((entry) => (entry.type === 'session.batch' ? [entry.data.first] : []));
  const expected = Array.from({ length: messages }, (_, index) => index * recordsAMessage);
  const wrong = others.map(({ type, position }) => `session ${session}: ${type} at ${position}`);
  if (JSON.stringify(firsts) !== JSON.stringify(expected))
    wrong.push(`session ${session}: ${firsts.length} batches, and not ${messages}`);
  return wrong;
}
