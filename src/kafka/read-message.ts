import { z } from 'zod';
import { formatOf } from '../capture/formats/formats.js';
import { isCloudEvent } from '../capture/formats/cloudevents.js';
import type { Json, JsonObject } from '../capture/formats/format.js';
import { isObject } from '../capture/formats/json-tree.js';
import { eventOfHeaders, isBinaryMode } from '../capture/read-cloudevents.js';
import { SealedBody, type SealedPart } from '../capture/sealed-body.js';
import { FieldName, fieldNames } from '../log/fields.js';
import { SessionId, SubjectId } from '../log/ids.js';
import { Problem } from '../problem.js';
import type { IncomingMessage } from './kafka-port.js';

/** The `type` of a CloudEvent whose data is `docs/formats/sealed-batch.md`. */
export const sealedBatchType = 'custos.sealed-batch';
/** Batches of one post over HTTP, and some: they are few where columns are large. */
const mostStored = 512;
const structured = 'application/cloudevents+json';

/** The `type` of one that says of records too large for a broker that they went by HTTP. */
export const storedBatchType = 'custos.sealed-batch.stored';

export type SealedMessage = SealedBody & { readonly sealed: SealedPart };
export type StoredMessage = z.output<typeof StoredMessage>;
export type ReadMessage =
  | { readonly kind: 'sealed'; readonly body: SealedMessage }
  | { readonly kind: 'stored'; readonly stored: StoredMessage };

/** What was stored: for each batch the hash of each of its columns. */
const StoredMessage = z.strictObject({
  session: SessionId,
  subject: SubjectId,
  batches: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[0-9a-f]{32}$/),
        columns: z
          .array(z.strictObject({ field: FieldName, sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
          .min(1)
          .max(fieldNames.length),
      }),
    )
    .min(1)
    .max(mostStored),
});

/**
 * What a message brings: sealed records, or word of some that went by HTTP. A CloudEvent of Kafka's protocol binding 1.0.2, structured or binary, whose
 * key is the session. Nothing of it was checked but its form.
 * @throws Problem message_malformed, payload_unsealed, input_invalid, format_unknown, records_unsealed
 */
export function readMessage({ key, value, headers }: IncomingMessage): ReadMessage {
  const event = eventIn(value, headers);
  const { type } = event;
  if (type !== sealedBatchType && type !== storedBatchType) throw new Problem('payload_unsealed');
  const read = (type === sealedBatchType ? SealedBody : StoredMessage).safeParse(event['data']);
  if (!read.success) throw invalid('data');
  const { session, subject } = read.data;
  // Another key may lie in another partition, and the records of a session must come in their order.
  if (key === undefined || textOf(key) !== session) throw invalid('key');
  if (contradicts(event, 'subject', subject) || contradicts(event, 'custossession', session))
    throw invalid('attributes');
  return 'batches' in read.data ? { kind: 'stored', stored: read.data } : { kind: 'sealed', body: withSeal(read.data) };
}

function withSeal({ sealed, ...about }: SealedBody): SealedMessage {
  formatOf(about.format);
  if (sealed === undefined) throw new Problem('records_unsealed');
  return signedPart({ ...about, sealed });
}

/**
 * From the first signed batch to the last: there is no token here, and a number that nobody signed may be anybody's. Between
 * batches the numbers that are of no record follow from what is signed; those around them show as missing.
 */
function signedPart({ sealed, ...about }: SealedMessage): SealedMessage {
  const batches = [...sealed.batches].sort((a, b) => a.first - b.first);
  const [begin, end] = [batches[0], batches.at(-1)];
  if (begin === undefined || end === undefined) throw new Problem('records_unsealed');
  const next = end.first + end.count;
  const rejected = sealed.rejected.filter(({ first }) => first > begin.first && first < next);
  return { ...about, first: begin.first, count: next - begin.first, sealed: { ...sealed, rejected } };
}

function eventIn(value: Uint8Array | undefined, headers: IncomingMessage['headers']): JsonObject {
  const texts = Object.fromEntries(
    Object.entries(headers).map(([name, bytes]) => [name.replace(/^ce_/, 'ce-'), textOf(bytes)]),
  );
  const isStructured = texts['content-type']?.split(';', 1)[0]?.trim().toLowerCase() === structured;
  if (!isStructured && !isBinaryMode(texts)) throw new Problem('message_malformed');
  const body = jsonOf(value);
  const event = isStructured ? body : eventOfHeaders(texts, body);
  if (!isObject(event) || !isCloudEvent(event)) throw new Problem('message_malformed');
  return event;
}

/** An attribute may be left out, and must not say something else. */
const contradicts = (event: JsonObject, attribute: string, expected: string): boolean =>
  event[attribute] !== undefined && event[attribute] !== expected;

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Problem('message_malformed');
  }
}

function jsonOf(value: Uint8Array | undefined): Json {
  try {
    return JSON.parse(textOf(value ?? new Uint8Array())) as Json;
  } catch {
    throw new Problem('message_malformed');
  }
}

const invalid = (path: string) => new Problem('input_invalid', { issues: [{ path, rule: 'invalid' }] });
