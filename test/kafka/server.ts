import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { kafkajsClient } from '../../src/kafka/kafkajs-client.js';
import { javaKafka } from './java-kafka.js';
import { OwnBroker } from './own-broker.js';

/** What the workers of a run are told, in their environment: addresses, or why there are none. */
export const environmentName = 'CUSTOS_TEST_KAFKA';
export interface TestKafka {
  /** None: no test that needs one runs. */
  readonly brokers: readonly string[];
  /** Whether tests can have brokers of their own, to kill or to set up otherwise. */
  readonly own: boolean;
}

/**
 * One broker for the whole run: that of KAFKA_BROKERS, or of Docker, or of Java with Maven. Returns how to end it.
 * @throws Error where there is none, and REQUIRE_KAFKA is 1
 */
export async function startTestKafka(): Promise<() => Promise<void>> {
  const own = (await javaKafka()) !== undefined;
  const found = (await given()) ?? (await ofDocker()) ?? (own ? await ofJava() : undefined);
  for (const missing of [found === undefined ? nothingFound : '', own ? '' : noOwn].filter((one) => one !== '')) {
    if (process.env['REQUIRE_KAFKA'] === '1') throw new Error(missing);
    process.stderr.write(`skipped: ${missing}\n`);
  }
  const told: TestKafka = { brokers: found?.brokers ?? [], own };
  process.env[environmentName] = JSON.stringify(told);
  return found?.end ?? (async () => undefined);
}

const nothingFound = 'no Kafka: KAFKA_BROKERS names one, or Docker runs one, or Java 17 and Maven do';

const noOwn = 'tests that kill a broker or set up its security: they take Java 17 and Maven';

interface Found {
  readonly brokers: readonly string[];
  end(): Promise<void>;
}

async function given(): Promise<Found | undefined> {
  const brokers = process.env['KAFKA_BROKERS']?.split(',');
  if (brokers === undefined) return undefined;
  await answering(brokers);
  return { brokers, end: async () => undefined };
}

const compose = ['compose', '--profile', 'kafka'];

async function ofDocker(): Promise<Found | undefined> {
  const runs = await promisify(execFile)('docker', ['info']).then(
    () => true,
    () => false,
  );
  if (!runs) return undefined;
  const down = `docker ${[...compose, 'rm', '--stop', '--force', 'kafka'].join(' ')}`;
  const args = [down, 'docker', ...compose, 'up', 'kafka'];
  const child = spawn(resolve('test/kafka/until-we-are-gone.sh'), args, {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const exited = new Promise((done) => child.once('exit', done));
  const pid = await new Promise<number>((told) => {
    createInterface(child.stdout).once('line', (line) => told(Number(line)));
  });
  const brokers = ['127.0.0.1:9092'];
  await answering(brokers);
  const end = async () => {
    process.kill(pid, 'SIGTERM');
    await exited;
  };
  return { brokers, end };
}

async function ofJava(): Promise<Found> {
  const broker = await OwnBroker.start();
  return { brokers: broker.brokers, end: () => broker.remove() };
}

const longestStartMs = 120_000;

/** An image may have to be fetched first. */
async function answering(brokers: readonly string[]): Promise<void> {
  const deadline = Date.now() + longestStartMs;
  for (;;) {
    const client = kafkajsClient({ brokers, clientId: 'custos-test' });
    const answered = await client.offsets('custos-no-such-topic').then(
      () => true,
      (error: { code?: string }) => error.code === 'kafka_topic_unknown',
    );
    await client.close();
    if (answered) return;
    if (Date.now() > deadline) throw new Error('KAFKA_BROKERS, or the broker of Docker, does not answer');
    await sleep(250);
  }
}
