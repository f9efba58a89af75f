import { appendLeaves, appendPart, type Frontier } from '../merkle/frontier.js';
import { hashBytes, leafHash } from '../merkle/hash.js';
import { Problem } from '../problem.js';
import type pg from 'pg';
import { copyRows } from './copy-rows.js';
import { onOneClient, type Queryable } from './database.js';
import { governs } from './entries.js';
import type { Governance } from './governance.js';
import { decodeHeader, decodeScanned, type Entry } from './header.js';
import type { PageWorker } from './page-work.js';
import { PageThreads } from './page-threads.js';
import { seemsNewer } from './upcasters.js';
import { entriesAPage, governingOnly, replayRows, type ReplayedPage, type Shown } from './replay-page.js';

/** What follows from the first `frontier.size` headers, before any root was compared. */
export interface Folded {
  readonly frontier: Frontier;
  readonly governance: Governance;
}

/** Called with an entry, and with the state just below it and just above. */
export type Visit = (before: Governance, entry: Entry, after: Governance) => void;

/** What a replay is watched for. */
export interface Watch {
  /** Called for those that govern, and for those that are to be shown. */
  readonly visit: Visit;
  readonly shown: Shown;
  /** Called for all others, in their places: they tell at least what time it was. */
  readonly passed?: ((position: number, at: number) => void) | undefined;
}

export const nobodyWatches: Watch = { visit: () => undefined, shown: governingOnly };

export interface Replaying {
  readonly from: Folded;
  readonly size: number;
  readonly watch: Watch;
  /** Called at the end of every page. */
  readonly pass: (folded: Folded) => void;
}

/** Fewer are read quicker by a SELECT that is prepared than by a COPY (the append path catches up with a few). */
const entriesWorthCopy = 256;
const rowsAtOnce = 2000;

/**
 * Reads, hashes and folds on up to `size`. Undefined if something is not a header in its place, over the leaf beside it;
 * `whatIsWrong` says what. Whether it is what was signed, only its root tells.
 */
export async function replayHeaders(db: Queryable, replaying: Replaying): Promise<Folded | undefined> {
  const { from, size } = replaying;
  const entries = size - from.frontier.size;
  if (entries < entriesWorthCopy) return replayFew(db, replaying);
  return onOneClient(db, (client) =>
    PageThreads.forEntries(entries, (worker) => replayPages(client, worker, replaying)),
  );
}

async function replayFew(db: Queryable, { from, size, watch }: Replaying): Promise<Folded | undefined> {
  let { governance } = from;
  const leaves: Uint8Array[] = [];
  for (const { position, leaf, header } of await readRows(db, from.frontier.size, size)) {
    const entry = entryInPlace({ position, leaf, header }, from.frontier.size + leaves.length);
    if (entry === undefined) return undefined;
    leaves.push(leaf);
    governance = fold(governance, entry, watch);
  }
  return from.frontier.size + leaves.length === size
    ? { frontier: appendLeaves(from.frontier, leaves), governance }
    : undefined;
}

/**
 * Page by page, hashed by a worker while the next ones are read; only what governs or is shown is decoded. A few pages are
 * under way at a time, whatever the size of the log.
 */
async function replayPages(
  client: pg.ClientBase,
  worker: PageWorker,
  { from, size, watch, pass }: Replaying,
): Promise<Folded | undefined> {
  let { frontier, governance } = from;
  let next = frontier.size;
  const underWay: Promise<Read>[] = [];
  const free: ArrayBufferLike[] = [];
  const read = async (from: number, to: number): Promise<Read> => {
    const rows = await copyRows(client, replayRows(from, to), free.pop());
    return { from, rows, page: await worker.run('replay', { from, to, rows, shown: watch.shown }) };
  };
  const start = () => {
    const end = Math.min(endOfPage(next), size);
    underWay.push(read(next, end));
    underWay.at(-1)?.catch(() => undefined); // It is awaited in its turn, and may fail before that.
    next = end;
  };
  try {
    while (frontier.size < size) {
      while (next < size && underWay.length < worker.pagesAtOnce) start();
      const { from, rows, page } = await (underWay.shift() as Promise<Read>);
      if (page === undefined) return undefined;
      governance = foldPage(governance, { from, rows, page }, watch);
      frontier = 'hashes' in page.tree ? appendPart(frontier, page.tree) : appendLeaves(frontier, each(page.tree));
      free.push(rows.buffer);
      pass({ frontier, governance });
    }
  } finally {
    // Nobody may find the connection, or the worker, still at work on what nobody waits for.
    await Promise.allSettled(underWay);
  }
  return { frontier, governance };
}

interface Read {
  readonly from: number;
  readonly rows: Uint8Array;
  readonly page: ReplayedPage | undefined;
}

const endOfPage = (position: number): number => (Math.floor(position / entriesAPage) + 1) * entriesAPage;

function* each(hashes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < hashes.length; at += hashBytes) yield hashes.slice(at, at + hashBytes);
}

function foldPage(
  before: Governance,
  { from, rows, page: { shown, times } }: Read & { readonly page: ReplayedPage },
  watch: Watch,
): Governance {
  let governance = before;
  let next = 0;
  const passTo = (index: number) => {
    for (; next < index; next += 1) watch.passed?.(from + next, times[next] as number);
    next = index + 1;
  };
  for (let at = 0; at < shown.length; at += 3) {
    passTo(shown[at] as number);
    governance = fold(governance, decodeScanned(rows.subarray(shown[at + 1], shown[at + 2])), watch);
  }
  passTo(times.length);
  return governance;
}

function fold(before: Governance, entry: Entry, { visit, shown, passed }: Watch): Governance {
  const after = governs[entry.type] ? before.evolve(entry) : before;
  if (governs[entry.type] || shown === 'all' || shown.has(entry.type)) visit(before, entry, after);
  else passed?.(entry.position, entry.at);
  return after;
}

interface Row {
  readonly position: number;
  readonly leaf: Uint8Array;
  readonly header: Uint8Array;
}

async function readRows(db: Queryable, from: number, to: number): Promise<Row[]> {
  const { rows } = await db.query<Row>({
    name: 'replay-headers',
    text: `SELECT position, leaf, header FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position`,
    values: [from, to],
  });
  return rows;
}

/** Undefined if the row is not one of this position. */
function entryInPlace({ position, leaf, header }: Row, place: number): Entry | undefined {
  if (position !== place || Buffer.compare(leaf, leafHash(header)) !== 0) return undefined;
  try {
    const entry = decodeHeader(header);
    return entry.position === place ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** The first position from `from` on that cannot be relied on, or `from` itself if each by itself could be: row by row. */
export async function whatIsWrong(db: Queryable, from: number, size: number): Promise<Problem> {
  for (let place = from; place < size;) {
    const rows = await readRows(db, place, Math.min(place + rowsAtOnce, size));
    if (rows.length === 0) return corrupt(place);
    for (const row of rows) {
      if (entryInPlace(row, place) === undefined) return isNewer(row, place) ? tooNew(place) : corrupt(place);
      place += 1;
    }
  }
  return corrupt(from);
}

const isNewer = ({ position, leaf, header }: Row, place: number): boolean =>
  position === place && Buffer.compare(leaf, leafHash(header)) === 0 && seemsNewer(header);

const tooNew = (position: number) => new Problem('log_too_new', { position });

const corrupt = (position: number) => new Problem('log_corrupt', { position });
