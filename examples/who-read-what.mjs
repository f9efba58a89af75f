#!/usr/bin/env node
// Who read what, from Kafka alone: no database, no service, nothing of Custos. It reads the log topic and the checkpoint
// topic to their end, proves that the entries are the log that was signed, and folds them. One JSON document a line.
//
//   KAFKA_BROKERS=host:port CUSTOS_LOG_VERIFIER='name+hash+key' node examples/who-read-what.mjs
//
// The verifier key is `log` in the trust file. KAFKA_CA_FILE, KAFKA_USER and KAFKA_PASSWORD_FILE turn on TLS and SCRAM;
// LOG_TOPIC, CHECKPOINT_TOPIC and GROUP are custos.log, custos.checkpoints and custos-reader. docs/formats/kafka.md has the form.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { decode } from 'cborg';
import kafkajs from 'kafkajs';

const { env } = process;
const kafka = new kafkajs.Kafka({
  brokers: env.KAFKA_BROKERS.split(','),
  clientId: 'who-read-what',
  logLevel: kafkajs.logLevel.NOTHING,
  ...(env.KAFKA_CA_FILE ? { ssl: { ca: readFileSync(env.KAFKA_CA_FILE, 'utf8') } } : {}),
  ...(env.KAFKA_USER
    ? {
        sasl: {
          mechanism: 'scram-sha-512',
          username: env.KAFKA_USER,
          password: readFileSync(env.KAFKA_PASSWORD_FILE, 'utf8').trim(),
        },
      }
    : {}),
});

/** Every message of a topic up to its present end, by partition and offset. */
async function readAll(topic) {
  const admin = kafka.admin();
  await admin.connect();
  const ends = (await admin.fetchTopicOffsets(topic)).filter(({ low, high }) => low !== high);
  await admin.disconnect();
  const left = new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]));
  const messages = [];
  if (left.size === 0) return messages;
  const consumer = kafka.consumer({ groupId: env.GROUP ?? 'custos-reader', maxWaitTimeInMs: 200 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          messages.push({ partition, ...message });
          if (BigInt(message.offset) + 1n >= (left.get(partition) ?? 0n)) left.delete(partition);
          if (left.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return messages.sort((a, b) => a.partition - b.partition || Number(BigInt(a.offset) - BigInt(b.offset)));
}

/** Headers by position; of several messages of one entry the first counts. */
function headersOf(messages) {
  const headers = new Map();
  for (const { headers: said, value } of messages) {
    const position = Number(said.position);
    if (!headers.has(position)) headers.set(position, decode(value).header);
  }
  return headers;
}

/** The last checkpoint that the log's key has signed (C2SP signed-note, tlog-checkpoint). */
function lastCheckpoint(messages, verifierKey) {
  // Base64 may hold a + of its own.
  const [, name, hash, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(verifierKey);
  // SPKI of Ed25519: a constant, and the 32 bytes behind the algorithm.
  const der = Buffer.concat([
    Buffer.from('302a300506032b6570032100', 'hex'),
    Buffer.from(encoded, 'base64').subarray(1),
  ]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  let last = { size: 0, root: '' };
  for (const { value } of messages) {
    const [text, signatures = ''] = value.toString().split('\n\n');
    const isSigned = signatures.split('\n').some((line) => {
      const [dash, signer, signature] = line.split(' ');
      const bytes = Buffer.from(signature ?? '', 'base64');
      const isTheirs = dash === '—' && signer === name && bytes.subarray(0, 4).toString('hex') === hash;
      return isTheirs && verify(null, Buffer.from(`${text}\n`), key, bytes.subarray(4));
    });
    const [origin, size, root] = text.split('\n');
    if (!isSigned || origin !== name) throw new Error('a checkpoint that the log did not sign');
    if (Number(size) > last.size) last = { size: Number(size), root };
  }
  return last;
}

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** Merkle tree hash (RFC 6962 §2.1). */
function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0];
  const left = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, left)), rootOf(leaves.slice(left)));
}

const headers = headersOf(await readAll(env.LOG_TOPIC ?? 'custos.log'));
const checkpoint = lastCheckpoint(await readAll(env.CHECKPOINT_TOPIC ?? 'custos.checkpoints'), env.CUSTOS_LOG_VERIFIER);
const leaves = Array.from({ length: checkpoint.size }, (_, position) => {
  const header = headers.get(position);
  if (header === undefined) throw new Error(`entry ${position} is missing`);
  return sha256(Buffer.of(0), header);
});
if (rootOf(leaves).toString('base64') !== checkpoint.root) throw new Error('the entries are not what was signed');

// The fold. Without a completion the outcome is unknown, and unknown counts as read.
const readings = new Map();
for (let position = 0; position < checkpoint.size; position += 1) {
  const { type, actor, subject, at, data } = decode(headers.get(position));
  if (type === 'disclosure.made') {
    const { session, fields, records, grant } = data;
    readings.set(position, {
      position,
      at,
      person: actor,
      subject,
      session,
      fields,
      records,
      grant,
      outcome: 'unknown',
    });
  } else if (type === 'disclosure.completed') {
    const { disclosure, records, outcome } = data;
    Object.assign(readings.get(disclosure), { records, outcome });
  }
}
for (const reading of readings.values()) process.stdout.write(`${JSON.stringify(reading)}\n`);
