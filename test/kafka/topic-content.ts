import type { IncomingMessage, KafkaPort } from '../../src/kafka/kafka-port.js';
import { decodeCanonical } from '../../src/sealing/canonical.js';
import { freshName } from './test-kafka.js';

/** An entry as a reader of the log topic has it, repetitions left out. */
export interface Published {
  readonly position: number;
  readonly key: string;
  readonly header: Buffer;
  /** Undefined: they are too large for a message. */
  readonly columns: Readonly<Record<string, Buffer>> | undefined;
}

/** Everything in a topic now, by partition and offset. */
export async function topicMessages(
  kafka: KafkaPort,
  topic: string,
): Promise<readonly (IncomingMessage & { readonly partition: number })[]> {
  const offsets = await kafka.offsets(topic);
  const expected = offsets.reduce((sum, { low, high }) => sum + high - low, 0);
  const found: (IncomingMessage & { partition: number })[] = [];
  if (expected === 0) return found;
  await new Promise<void>((resolve, reject) => {
    const consumer = kafka.consume({
      group: freshName('reader'),
      topics: [topic],
      onAssigned: async (assigned) => {
        found.length = 0;
        return assigned.map((one) => ({ ...one, offset: one.low }));
      },
      onBatch: async ({ partition, messages }) => {
        found.push(...messages.map((message) => ({ ...message, partition })));
        if (found.length >= expected) void consumer.then((open) => open.close()).then(resolve, reject);
      },
      onRevoked: () => undefined,
      onStopped: reject,
    });
    consumer.catch(reject);
  });
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/**
 * The entries in a log topic by position: of each the first message, as a reader that knows how far it has come takes it.
 * @throws Error where the first messages of a partition are not in the order of the log
 */
export async function publishedEntries(kafka: KafkaPort, topic: string): Promise<Published[]> {
  const last = new Map<number, number>();
  const entries = new Map<number, Published>();
  for (const { partition, key, value, headers } of await topicMessages(kafka, topic)) {
    const position = Number(Buffer.from(headers['position'] ?? []).toString());
    if (position <= (last.get(partition) ?? -1)) {
      if (entries.has(position)) continue;
      throw new Error(`entry ${position} came after ${last.get(partition)}`);
    }
    last.set(partition, position);
    entries.set(position, { position, key: Buffer.from(key ?? []).toString(), ...bodyOf(value ?? new Uint8Array()) });
  }
  return [...entries.values()].sort((a, b) => a.position - b.position);
}

function bodyOf(value: Uint8Array): Pick<Published, 'header' | 'columns'> {
  const { header, columns } = decodeCanonical(value) as { header: Uint8Array; columns?: Record<string, Uint8Array> };
  const buffers = Object.entries(columns ?? {}).map(([field, sealed]) => [field, Buffer.from(sealed)] as const);
  return { header: Buffer.from(header), columns: columns === undefined ? undefined : Object.fromEntries(buffers) };
}
