import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../src/log/embedded-postgres-postmaster.js';
import { javaKafka, type JavaKafka } from './java-kafka.js';

const longestStartMs = 90_000;

/** What differs from the plain broker: settings by the ports that it got, and how its storage is formatted. */
export interface BrokerOptions {
  readonly settings?: (ports: {
    readonly port: number;
    readonly controllerPort: number;
  }) => Readonly<Record<string, string>>;
  readonly format?: readonly string[];
}

/**
 * One broker, and controller of itself, in a process of its own: for tests that kill it, or that need settings of their
 * own. It keeps its ports and its folder over a restart, and ends with the process that made it, however that ends.
 */
export class OwnBroker {
  private process: ChildProcess | undefined;
  private pid = 0;
  private exited: Promise<void> = Promise.resolve();
  private keepArchive: () => Promise<void> = async () => undefined;

  private constructor(
    private readonly java: JavaKafka,
    readonly folder: string,
    readonly port: number,
  ) {}

  /** @throws Error without Java and Maven */
  static async start(options: BrokerOptions = {}): Promise<OwnBroker> {
    const java = await javaKafka();
    if (java === undefined) throw new Error('a broker of its own takes Java 17 and Maven');
    await removeAbandonedFolders();
    const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
    const [port, controllerPort] = await freePorts();
    const broker = new OwnBroker(java, folder, port);
    const settings = {
      ...plainSettings(folder, port, controllerPort),
      ...options.settings?.({ port, controllerPort }),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(broker.settingsFile, lines.join(''));
    await java.formatStorage(broker.settingsFile, options.format ?? []);
    await broker.startAgain();
    return broker;
  }

  get brokers(): string[] {
    return [`127.0.0.1:${this.port}`];
  }

  private get settingsFile(): string {
    return join(this.folder, 'server.properties');
  }

  async startAgain(): Promise<void> {
    let args = this.java.arguments('kafka.Kafka', this.settingsFile);
    if (this.java.needsArchive) ({ args, keep: this.keepArchive } = this.java.archiving(args));
    const said = openSync(join(this.folder, 'broker.log'), 'a');
    const script = resolve('test/kafka/until-we-are-gone.sh');
    // A session of its own: Ctrl-C ends the run, and the run ends this.
    const child = spawn(script, [`rm -rf '${this.folder}'`, 'java', ...args], {
      stdio: ['pipe', 'pipe', said],
      detached: true,
    });
    closeSync(said);
    this.process = child;
    this.exited = new Promise((done) => child.once('exit', () => done()));
    this.pid = await new Promise<number>((told) => {
      createInterface(child.stdout as NodeJS.ReadableStream).once('line', (line) => told(Number(line)));
    });
    await this.answering(child);
  }

  /** Clean, as an operator stops it. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
    await this.keepArchive();
  }

  /** Its data stays as the crash left it. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** It keeps its connections and answers nothing. */
  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  goOn(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.process;
    if (child === undefined) return;
    this.process = undefined;
    process.kill(this.pid, signal);
    await this.exited;
  }

  private async answering(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + longestStartMs;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null || Date.now() > deadline) {
        const said = await readFile(join(this.folder, 'broker.log'), 'utf8');
        throw new Error(`The broker did not start:\n${said.slice(-3_000)}`);
      }
      await sleep(25);
    }
  }
}

const prefix = 'custos-kafka-';

/** Of runs that were killed before their broker had started. */
async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = Number(/^custos-kafka-(\d+)-/.exec(name)?.[1]);
    if (!Number.isSafeInteger(owner) || isAlive(owner)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function plainSettings(folder: string, port: number, controllerPort: number): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'log.dirs': join(folder, 'data'),
    // A single node: every internal topic has one replica, and few partitions.
    'default.replication.factor': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'min.insync.replicas': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'offsets.topic.num.partitions': '3',
    'transaction.state.log.num.partitions': '3',
    'share.coordinator.state.topic.num.partitions': '1',
    // What is not made on purpose is not there.
    'auto.create.topics.enable': 'false',
    'message.max.bytes': '2097152',
    // Tests do not wait: the first member of a group need not, and members that are gone are noticed soon.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    // After SIGKILL a broker waits until its old registration is over: 9 seconds by default.
    'broker.session.timeout.ms': '1500',
    'broker.heartbeat.interval.ms': '250',
    // Small.
    'num.network.threads': '2',
    'num.io.threads': '2',
    'background.threads': '2',
    'num.recovery.threads.per.data.dir': '1',
    'log.cleaner.dedupe.buffer.size': '4194304',
    'log.cleaner.io.buffer.size': '131072',
  };
}

async function freePorts(): Promise<[number, number]> {
  // Both at once, or the second might be the first.
  const servers = await Promise.all(
    [0, 0].map(
      (port) =>
        new Promise<ReturnType<typeof createServer>>((listening) => {
          const server = createServer().listen(port, '127.0.0.1', () => listening(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports as [number, number];
}

function accepts(port: number): Promise<boolean> {
  return new Promise((told) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean) => {
      socket.destroy();
      told(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
