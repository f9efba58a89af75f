import { randomBytes } from 'node:crypto';
import { kafkajsClient } from '../../src/kafka/kafkajs-client.js';
import type { KafkaPort } from '../../src/kafka/kafka-port.js';
import { environmentName, type TestKafka } from './server.js';

/** The broker of the run; undefined where the run has none. */
export function testBrokers(): readonly string[] | undefined {
  const told = process.env[environmentName];
  if (told === undefined) throw new Error('No test broker: run this spec with `jest --selectProjects kafka`.');
  const kafka = JSON.parse(told) as TestKafka;
  return 'brokers' in kafka ? kafka.brokers : undefined;
}

/** `describe` for what needs the broker of the run: without one it says `skipped`. */
export const describeWithKafka = (name: string, tests: () => void): void => {
  if (testBrokers() === undefined) describe.skip(`${name} (skipped: no Kafka)`, tests);
  else describe(name, tests);
};

export const testClient = (brokers = testBrokers() ?? []): KafkaPort =>
  kafkajsClient({ brokers, clientId: 'custos-test' });

/** Names of its own for each test: the broker may be one that others use too. */
export const freshName = (of: string): string => `custos-test-${of}-${randomBytes(5).toString('hex')}`;
