import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { KafkaConnection } from '../kafka/kafkajs-client.js';
import { wholeNumber } from './whole-number.js';

const file = z.string().min(1);
/** What Kafka takes as a name. */
const topic = z.string().regex(/^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/);
const topics = z
  .string()
  .transform((list) => list.split(','))
  .pipe(z.array(topic).min(1));
const brokers = z
  .string()
  .regex(/^[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*$/)
  .transform((list) => list.split(','));

/** The largest header of an entry and a key fit into any message. */
const fewestMessageBytes = 100_000;
const mostMessageBytes = 64 * 1024 * 1024;

/** All of these are about Kafka only; without KAFKA_BROKERS nothing of it runs. */
export const kafkaShape = {
  KAFKA_BROKERS: brokers.optional(),
  /** On unless it is said that what is sealed may pass an open network with keys and headers in the clear. */
  CUSTOS_KAFKA_TLS: z.enum(['on', 'off']).default('on'),
  CUSTOS_KAFKA_CA_FILE: file.optional(),
  CUSTOS_KAFKA_CERT_FILE: file.optional(),
  CUSTOS_KAFKA_KEY_FILE: file.optional(),
  CUSTOS_KAFKA_SASL: z.enum(['scram-sha-512', 'scram-sha-256', 'off']).default('scram-sha-512'),
  CUSTOS_KAFKA_USER: z.string().min(1).optional(),
  CUSTOS_KAFKA_PASSWORD: z.string().min(1).optional(),
  CUSTOS_KAFKA_CLIENT_ID: z.string().min(1).default('custos'),
  CUSTOS_KAFKA_PUBLISH: z.enum(['on', 'off']).default('on'),
  CUSTOS_KAFKA_LOG_TOPIC: topic.default('custos.log'),
  CUSTOS_KAFKA_CHECKPOINT_TOPIC: topic.default('custos.checkpoints'),
  CUSTOS_KAFKA_INGEST_TOPICS: topics.optional(),
  CUSTOS_KAFKA_INGEST_GROUP: z.string().min(1).max(255).default('custos'),
  CUSTOS_KAFKA_DEAD_LETTER_TOPIC: topic.optional(),
  CUSTOS_KAFKA_SESSION_SECONDS: wholeNumber({ least: 2, most: 300 }).default(30),
  CUSTOS_KAFKA_MAX_MESSAGE_BYTES: wholeNumber({ least: fewestMessageBytes, most: mostMessageBytes }).default(1_000_000),
  CUSTOS_KAFKA_STALLED_SECONDS: wholeNumber({ least: 5, most: 86_400 }).default(60),
} as const;

type KafkaValues = z.output<z.ZodObject<typeof kafkaShape>>;

export interface KafkaSettings {
  readonly connection: KafkaConnection;
  /** What the publisher writes; undefined where another process does that, or nobody. */
  readonly publish: { readonly logTopic: string; readonly checkpointTopic: string } | undefined;
  /** What is taken in; undefined where nothing is. */
  readonly ingest:
    | {
        readonly topics: readonly string[];
        readonly group: string;
        readonly deadLetterTopic: string | undefined;
        /** Silent for longer, a process loses its partitions to the others of its group. */
        readonly sessionTimeoutMs: number;
      }
    | undefined;
  /** Of one message and of one batch of them, as topics are set. */
  readonly mostMessageBytes: number;
  /** Lag without progress for longer is told as standing still. */
  readonly stalledMs: number;
}

export interface SettingIssue {
  readonly path: string;
  readonly rule: string;
}

/**
 * Undefined without brokers. Issues are those of several settings together, and of files; what one setting alone breaks
 * is told by whoever parses all.
 */
export function kafkaSettings(given: NodeJS.ProcessEnv): {
  readonly kafka: KafkaSettings | undefined;
  readonly issues: readonly SettingIssue[];
} {
  const { data: values } = z.object(kafkaShape).safeParse(given);
  if (values?.KAFKA_BROKERS === undefined) return { kafka: undefined, issues: [] };
  const issues: SettingIssue[] = [];
  const text = (name: 'CUSTOS_KAFKA_CA_FILE' | 'CUSTOS_KAFKA_CERT_FILE' | 'CUSTOS_KAFKA_KEY_FILE') => {
    const path = values[name];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch {
      issues.push({ path: name, rule: 'unreadable' });
      return undefined;
    }
  };
  const tls = tlsOf({
    ca: text('CUSTOS_KAFKA_CA_FILE'),
    cert: text('CUSTOS_KAFKA_CERT_FILE'),
    key: text('CUSTOS_KAFKA_KEY_FILE'),
  });
  const { CUSTOS_KAFKA_USER: username, CUSTOS_KAFKA_PASSWORD: password, CUSTOS_KAFKA_SASL: mechanism } = values;
  // Half of a pair is a mistake, and the other half would be left out in silence.
  const together = (a: keyof KafkaValues, b: keyof KafkaValues) => {
    if ((values[a] === undefined) !== (values[b] === undefined)) {
      issues.push({ path: values[a] === undefined ? a : b, rule: 'missing' });
    }
  };
  together('CUSTOS_KAFKA_CERT_FILE', 'CUSTOS_KAFKA_KEY_FILE');
  if (mechanism !== 'off') {
    if (username === undefined) issues.push({ path: 'CUSTOS_KAFKA_USER', rule: 'missing' });
    if (password === undefined) issues.push({ path: 'CUSTOS_KAFKA_PASSWORD', rule: 'missing' });
  }
  if (values.CUSTOS_KAFKA_TLS === 'off' && mechanism !== 'off') {
    issues.push({ path: 'CUSTOS_KAFKA_TLS', rule: 'a password needs TLS' });
  }
  const { CUSTOS_KAFKA_LOG_TOPIC: logTopic, CUSTOS_KAFKA_CHECKPOINT_TOPIC: checkpointTopic } = values;
  if (logTopic === checkpointTopic)
    issues.push({ path: 'CUSTOS_KAFKA_CHECKPOINT_TOPIC', rule: 'same as the log topic' });
  // What is told of refused messages must not be taken for records, nor the log's own entries.
  const written = [values.CUSTOS_KAFKA_DEAD_LETTER_TOPIC, logTopic, checkpointTopic];
  if (values.CUSTOS_KAFKA_INGEST_TOPICS?.some((one) => written.includes(one)) === true)
    issues.push({ path: 'CUSTOS_KAFKA_INGEST_TOPICS', rule: 'a topic that is written' });
  const kafka: KafkaSettings = {
    connection: {
      brokers: values.KAFKA_BROKERS,
      clientId: values.CUSTOS_KAFKA_CLIENT_ID,
      ...(values.CUSTOS_KAFKA_TLS === 'on' ? { tls } : {}),
      ...(mechanism === 'off' ? {} : { sasl: { mechanism, username: username ?? '', password: password ?? '' } }),
    },
    publish: values.CUSTOS_KAFKA_PUBLISH === 'on' ? { logTopic, checkpointTopic } : undefined,
    ingest: ingestOf(values),
    mostMessageBytes: values.CUSTOS_KAFKA_MAX_MESSAGE_BYTES,
    stalledMs: values.CUSTOS_KAFKA_STALLED_SECONDS * 1_000,
  };
  return { kafka, issues };
}

function ingestOf(values: KafkaValues): KafkaSettings['ingest'] {
  const { CUSTOS_KAFKA_INGEST_TOPICS: topics, CUSTOS_KAFKA_INGEST_GROUP: group } = values;
  if (topics === undefined) return undefined;
  const sessionTimeoutMs = values.CUSTOS_KAFKA_SESSION_SECONDS * 1_000;
  return { topics, group, deadLetterTopic: values.CUSTOS_KAFKA_DEAD_LETTER_TOPIC, sessionTimeoutMs };
}

function tlsOf(
  texts: Readonly<Record<'ca' | 'cert' | 'key', string | undefined>>,
): NonNullable<KafkaConnection['tls']> {
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
}
