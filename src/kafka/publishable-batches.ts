import type { BodyStore, StoredColumn } from '../log/body-store.js';
import type { LogTail } from '../log/log-tail.js';
import type { Followed } from '../log/tail-window.js';
import { bytesWithBody, entryMessage, outlineOf, type EntryOutline } from './entry-message.js';
import type { OutgoingMessage } from './kafka-port.js';

/** One request, one move of the size: enough that neither is felt, few enough to send again after a crash. */
const mostEntries = 1_000;

/** The messages of the entries `from` to `to - 1`. */
export interface PublishableBatch {
  readonly from: number;
  readonly to: number;
  readonly messages: readonly OutgoingMessage[];
  /** Nothing came behind these when they were read. */
  readonly isLast: boolean;
}

export interface BatchOptions {
  readonly tail: LogTail;
  readonly bodies: BodyStore;
  readonly from: number;
  /** Of a message, and of all of one request: a broker's limit is for what is written at once. */
  readonly mostBytes: number;
  readonly signal: AbortSignal;
}

interface Outlined {
  readonly entry: Followed;
  readonly outline: EntryOutline;
}

/** Entries of one request, before their columns are read. */
interface Chosen {
  readonly from: number;
  readonly entries: readonly Outlined[];
  readonly withBodies: boolean;
  readonly isLast: boolean;
}

/**
 * Entries from a position on, as soon as they are committed, in batches of bounded size, until `signal` aborts. The entries
 * of the next batch are read while the columns of this one are.
 */
export async function* publishableBatches(options: BatchOptions): AsyncGenerator<PublishableBatch> {
  for await (const { from, entries, withBodies, isLast } of oneAhead(chosenEntries(options))) {
    const columns = withBodies ? await columnsOf(options.bodies, from, entries) : undefined;
    const messages = entries.map(({ entry, outline }) =>
      entryMessage(entry, outline, columns === undefined ? undefined : (columns.get(entry.position) ?? [])),
    );
    yield { from, to: from + entries.length, messages, isLast };
  }
}

async function* chosenEntries({ tail, from, mostBytes, signal }: BatchOptions): AsyncGenerator<Chosen> {
  const leave = tail.join();
  try {
    let waiting: Outlined[] = [];
    for (let next = from; ;) {
      let isEnd = false;
      if (waiting.length < mostEntries && !isFull(waiting, mostBytes)) {
        // Waits only where there is nothing to send.
        const within = waiting.length > 0 ? { withinMs: 0 } : {};
        const page = await tail.next(next + waiting.length, { signal, ...within });
        if (page === undefined) return;
        for (const entry of page) waiting.push({ entry, outline: outlineOf(entry.header) });
        if (page.length > 0) continue;
        isEnd = true;
      }
      const { count, withBodies } = firstBatch(waiting, mostBytes);
      const entries = waiting.slice(0, count);
      waiting = waiting.slice(count);
      yield { from: next, entries, withBodies, isLast: isEnd && waiting.length === 0 };
      next += count;
    }
  } finally {
    leave();
  }
}

const isFull = (waiting: readonly Outlined[], mostBytes: number): boolean =>
  waiting.reduce((bytes, { entry, outline }) => bytes + bytesWithBody(entry, outline), 0) > mostBytes;

/** As many as fit into one request; or the first alone and without its columns, where these fit into none. */
export function firstBatch(
  waiting: readonly Outlined[],
  mostBytes: number,
): { readonly count: number; readonly withBodies: boolean } {
  let [count, bytes] = [0, 0];
  for (const { entry, outline } of waiting.slice(0, mostEntries)) {
    bytes += bytesWithBody(entry, outline);
    if (bytes > mostBytes) break;
    count += 1;
  }
  return count === 0 ? { count: 1, withBodies: false } : { count, withBodies: true };
}

/** All of them with one question: they fit into one request. */
async function columnsOf(
  bodies: BodyStore,
  from: number,
  entries: readonly Outlined[],
): Promise<ReadonlyMap<number, readonly StoredColumn[]>> {
  const columns = new Map<number, StoredColumn[]>();
  const listed = entries.reduce((sum, { outline }) => sum + outline.columns, 0);
  if (listed === 0) return columns;
  for await (const page of bodies.scan(from, from + entries.length, listed + 1)) {
    for (const column of page) {
      const of = columns.get(column.position);
      if (of === undefined) columns.set(column.position, [column]);
      else of.push(column);
    }
  }
  return columns;
}

/** Prepares the next one while this one is used. Ends as the source does; whoever stops early aborts the source. */
export async function* oneAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let coming = source.next();
  for (;;) {
    const { done, value } = await coming;
    if (done === true) return;
    coming = source.next();
    // Told where it is awaited; until then nobody has asked.
    coming.catch(() => undefined);
    yield value;
  }
}
