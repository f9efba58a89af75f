import { decodeHeader } from './header.js';
import type { LogTail } from './log-tail.js';
import type { Followed } from './tail-window.js';

/** Below what proxies wait for an idle connection, and often enough to find out that nobody is there. */
const keepAliveMs = 15_000;
/** One write of entries at most, but for a single one that is larger: what is buffered for a slow reader. */
const chunkBytes = 64 * 1024;

export interface EntryFormat {
  readonly contentType: string;
  /** Sent at once, so that the caller knows that it is followed. */
  readonly opening: string;
  readonly keepAlive: string;
  entry(entry: Followed): string;
}

/** One JSON document a line; a line without one is a sign of life. */
export const ndjson: EntryFormat = {
  contentType: 'application/x-ndjson',
  opening: '\n',
  keepAlive: '\n',
  entry: (entry) => `${entryJson(entry)}\n`,
};

/** Server-sent events (WHATWG HTML §9.2): whoever was cut off comes back with the last id, and misses nothing. */
export const eventStream: EntryFormat = {
  contentType: 'text/event-stream',
  opening: 'retry: 1000\n\n',
  keepAlive: ':\n\n',
  entry: (entry) => `id: ${entry.position}\ndata: ${entryJson(entry)}\n\n`,
};

export interface EntryStreamOptions {
  readonly from: number;
  readonly limit: number;
  readonly format: EntryFormat;
  readonly signal: AbortSignal;
}

/** Entries as they come, for one that has joined `tail`. Made when they are asked for, so nothing piles up here. */
export async function* entryStream(
  tail: LogTail,
  { from, limit, format, signal }: EntryStreamOptions,
): AsyncGenerator<Buffer> {
  yield Buffer.from(format.opening);
  const end = from + limit;
  for (let next = from; next < end;) {
    const page = await tail.next(next, { signal, withinMs: keepAliveMs });
    if (page === undefined) return;
    if (page.length === 0) yield Buffer.from(format.keepAlive);
    else yield* inChunks(page.slice(0, end - next), format);
    next += page.length;
  }
}

function* inChunks(entries: readonly Followed[], format: EntryFormat): Generator<Buffer> {
  let chunk = '';
  for (const entry of entries) {
    chunk += format.entry(entry);
    if (chunk.length < chunkBytes) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk);
}

/** Of an entry kept for many followers, once for all of them. */
const encoded = new WeakMap<Uint8Array, string>();

/** The header as it is hashed, and decoded beside: who did what, and never content. */
export function entryJson({ position, header }: Followed): string {
  const known = encoded.get(header);
  if (known !== undefined) return known;
  const { id: _id, columns, ...entry } = decodeHeader(header);
  const fields = columns.map(({ field, bytes }) => ({ field, bytes }));
  const json = JSON.stringify({ ...entry, position, columns: fields, header: base64(header) }, bytesAsHex);
  encoded.set(header, json);
  return json;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
/** For `JSON.stringify`. */
export const bytesAsHex = (_key: string, value: unknown) =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
