import { gunzipSync, inflateSync } from 'node:zlib';
import { gzipSync, zlibSync } from 'fflate';
import type { Json, JsonObject, UnpackBudget } from './format.js';
import { isObject, withKey } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { eventType, source } from './rrweb-fields.js';
import { isStorable } from './storable.js';

/**
 * How an event was packed, as far as its content does not tell:
 * - `{ zlib: "v1" }`: all of it, by @rrweb/packer, which adds a key `v`;
 * - `{ gzip: mtime }` or `{ gzip: { adds: mtime, … } }`: its data or keys of it, by PostHog, at these seconds.
 */
export type Packing = { readonly zlib: 'v1' } | { readonly gzip: number | { readonly [key: string]: number } };

const packerMark = 'v1';
const posthogMark = '2024-10';
/** Keys of the data that PostHog packs, each by itself (its compressEvent, of posthog-js). */
const packedKeys: Readonly<Record<number, readonly string[]>> = {
  [source.mutation]: ['texts', 'attributes', 'removes', 'adds'],
  [source.styleSheetRule]: ['adds', 'removes'],
};

export interface Unpacked {
  readonly event: JsonObject;
  readonly packing: Packing;
}

/**
 * The event that was packed. Undefined if none was, if it is more than may be unpacked, or if `packEvent` would not
 * give the same text again: other programs deflate the same content to other bytes.
 */
export function unpackEvent(data: Json, budget: UnpackBudget): Unpacked | undefined {
  const unpacked = typeof data === 'string' ? unpackAll(data, budget) : unpackData(data, budget);
  if (unpacked === undefined) return undefined;
  return JSON.stringify(packEvent(unpacked)) === JSON.stringify(data) ? unpacked : undefined;
}

/** The exact inverse. */
export function packEvent({ event, packing }: Unpacked): Json {
  if ('zlib' in packing) return latin1(zlibSync(Buffer.from(JSON.stringify({ ...event, v: packing.zlib }))));
  const { gzip } = packing;
  if (typeof gzip === 'number') return withKey(event, 'data', gzipped(event['data'] as Json, gzip));
  const data = Object.keys(gzip).reduce(
    (packed, key) => withKey(packed, key, gzipped(packed[key] as Json, gzip[key] as number)),
    event['data'] as JsonObject,
  );
  return withKey(event, 'data', data);
}

function unpackAll(text: string, budget: UnpackBudget): Unpacked | undefined {
  const value = text.startsWith('x') ? parsed(text, inflateSync, budget) : undefined;
  if (!isObject(value) || value['v'] !== packerMark) return undefined;
  const { v: _mark, ...event } = value;
  return { event, packing: { zlib: packerMark } };
}

function unpackData(event: Json, budget: UnpackBudget): Unpacked | undefined {
  if (!isObject(event) || event['cv'] !== posthogMark) return undefined;
  const data = event['data'] as Json;
  if (event['type'] === eventType.fullSnapshot && typeof data === 'string') {
    const value = gunzipped(data, budget);
    return value && { event: withKey(event, 'data', value.value), packing: { gzip: value.seconds } };
  }
  if (event['type'] !== eventType.incremental || !isObject(data)) return undefined;
  let unpacked = data;
  const gzip: Record<string, number> = {};
  for (const key of packedKeys[data['source'] as number] ?? []) {
    const text = partOf(data, key);
    if (typeof text !== 'string') continue;
    const value = gunzipped(text, budget);
    if (value === undefined) return undefined;
    unpacked = withKey(unpacked, key, value.value);
    gzip[key] = value.seconds;
  }
  return Object.keys(gzip).length === 0 ? undefined : { event: withKey(event, 'data', unpacked), packing: { gzip } };
}

/** RFC 1952 §2.3: the seconds of the packing stand in bytes 4 to 7. */
function gunzipped(text: string, budget: UnpackBudget): { value: Json; seconds: number } | undefined {
  const value = text.startsWith('\x1f\x8b') ? parsed(text, gunzipSync, budget) : undefined;
  return value === undefined ? undefined : { value, seconds: Buffer.from(text.slice(4, 8), 'latin1').readUInt32LE() };
}

const gzipped = (value: Json, seconds: number): string =>
  latin1(gzipSync(Buffer.from(JSON.stringify(value)), { mtime: seconds * 1000 }));

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** RFC 1951: a block of one repeated byte. */
const mostForOneByte = 1032;

function parsed(text: string, unzip: typeof inflateSync, budget: UnpackBudget): Json | undefined {
  const bytes = unzipped(text, unzip, budget);
  if (bytes === undefined) return undefined;
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as Json;
    return isStorable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function unzipped(text: string, unzip: typeof inflateSync, budget: UnpackBudget): Uint8Array | undefined {
  // What fails may have given as much as this before: it took its time all the same.
  let taken = text.length * mostForOneByte;
  try {
    // At least 1, since 0 is no limit that zlib takes; what it then holds is no JSON of ours.
    const bytes = unzip(Buffer.from(text, 'latin1'), { maxOutputLength: Math.max(1, budget.bytes) });
    taken = bytes.length;
    return bytes;
  } catch {
    return undefined;
  } finally {
    budget.bytes = Math.max(0, budget.bytes - taken);
  }
}
