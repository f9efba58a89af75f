import { randomBytes } from 'node:crypto';
import { kafkajsClient } from '../../src/kafka/kafkajs-client.js';
import type { KafkaPort } from '../../src/kafka/kafka-port.js';
import { environmentName, type TestKafka } from './server.js';

function told(): TestKafka {
  const json = process.env[environmentName];
  if (json === undefined) throw new Error('No test broker: run this spec with `jest --selectProjects kafka`.');
  return JSON.parse(json) as TestKafka;
}

/** The broker of the run; undefined where the run has none. */
export function testBrokers(): readonly string[] | undefined {
  const { brokers } = told();
  return brokers.length === 0 ? undefined : brokers;
}

/** `describe` for what needs the broker of the run: without one it says `skipped`. */
export const describeWithKafka = (name: string, tests: () => void): void => {
  if (testBrokers() === undefined) describe.skip(`${name} (skipped: no Kafka)`, tests);
  else describe(name, tests);
};

/** `describe` and `it` for what starts brokers of its own. */
export const describeWithOwnBroker = (name: string, tests: () => void): void => {
  if (told().own) describe(name, tests);
  else describe.skip(`${name} (skipped: no Java with Maven)`, tests);
};

export const itWithOwnBroker = (name: string, test: () => Promise<void>, timeoutMs?: number): void =>
  (told().own ? it : it.skip)(name, test, timeoutMs);

export const testClient = (brokers = testBrokers() ?? []): KafkaPort =>
  kafkajsClient({ brokers, clientId: 'custos-test' });

/** Names of its own for each test: the broker may be one that others use too. */
export const freshName = (of: string): string => `custos-test-${of}-${randomBytes(5).toString('hex')}`;
