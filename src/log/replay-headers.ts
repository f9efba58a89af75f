import { appendLeaves, appendPart, type Frontier } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import { Problem } from '../problem.js';
import type pg from 'pg';
import { copyRows } from './copy-rows.js';
import type { Queryable } from './database.js';
import { governs, type EntryType } from './entries.js';
import type { Governance } from './governance.js';
import { decodeHeader, type Entry } from './header.js';
import type { PageWorker } from './page-work.js';
import { seemsNewer } from './upcasters.js';
import { entriesAPage, replayRows, type ReplayedPage } from './replay-page.js';

/** What follows from the first `frontier.size` headers, before any root was compared. */
export interface Folded {
  readonly frontier: Frontier;
  readonly governance: Governance;
}

/** Called for every governing entry with the state just below it, and just above. */
export type Visit = (before: Governance, entry: Entry, after: Governance) => void;

/** Which entries are shown beside those that govern: each costs its decoding here, so only those that are asked for are. */
export type Shown = ReadonlySet<EntryType> | 'all';
export const governingOnly: ReadonlySet<EntryType> = new Set<EntryType>();

const headersAtOnce = 2000;

/** Reads, hashes and folds up to `size` here and now. For a few entries: the append path catches up with it. */
export async function replayHeaders(
  db: Queryable,
  from: Folded,
  size: number,
  visit: Visit,
  shown: Shown = governingOnly,
): Promise<Folded> {
  let { frontier, governance } = from;
  while (frontier.size < size) {
    const first = frontier.size;
    const { rows } = await db.query<{ position: number; leaf: Buffer; header: Buffer }>({
      name: 'replay-headers',
      text: `SELECT position, leaf, header FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position`,
      values: [first, Math.min(first + headersAtOnce, size)],
    });
    const leaves: Uint8Array[] = [];
    for (const [index, row] of rows.entries()) {
      const leaf = leafHash(row.header);
      if (row.position !== first + index || !row.leaf.equals(leaf)) throw corrupt(first + index);
      leaves.push(leaf);
      governance = evolve(governance, row.position, row.header, visit, shown);
    }
    if (rows.length === 0) throw corrupt(first);
    frontier = appendLeaves(frontier, leaves);
  }
  return { frontier, governance };
}

export interface PagesToReplay {
  readonly worker: PageWorker;
  /** At the start of a page. */
  readonly from: Folded;
  /** At an end of one. */
  readonly size: number;
  readonly visit: Visit;
  readonly shown: Exclude<Shown, 'all'>;
  /** Called at the end of every page. */
  readonly pass: (folded: Folded) => void;
}

/**
 * The same for whole pages, hashed on other threads while the next ones are read; only what governs or is shown comes back. A few
 * pages are under way at a time, whatever the size of the log.
 */
export async function replayPages(
  client: pg.ClientBase,
  { worker, from, size, visit, shown, pass }: PagesToReplay,
): Promise<Folded> {
  let { frontier, governance } = from;
  let next = frontier.size;
  const underWay: Promise<ReplayedPage>[] = [];
  const free: ArrayBufferLike[] = [];
  const replayed = async (from: number): Promise<ReplayedPage> => {
    const to = from + entriesAPage;
    const rows = await copyRows(client, replayRows(from, to), free.pop());
    const page = await worker.run('replay', { from, to, rows, shown });
    free.push(rows.buffer);
    return page;
  };
  const start = (position: number) => {
    underWay.push(replayed(position));
    underWay.at(-1)?.catch(() => undefined); // It is awaited in its turn, and may fail before that.
  };
  try {
    while (frontier.size < size) {
      for (; next < size && underWay.length < worker.pagesAtOnce; next += entriesAPage) start(next);
      const page = await (underWay.shift() as Promise<ReplayedPage>);
      if (page.broken !== undefined) throw page.newer ? tooNew(page.broken) : corrupt(page.broken);
      for (const { position, header } of page.headers) governance = evolve(governance, position, header, visit, shown);
      frontier = appendPart(frontier, page.frontier);
      pass({ frontier, governance });
    }
  } finally {
    // Nobody may find the connection, or the worker, still at work on what nobody waits for.
    await Promise.allSettled(underWay);
  }
  return { frontier, governance };
}

function evolve(governance: Governance, position: number, header: Uint8Array, visit: Visit, shown: Shown): Governance {
  const entry = decodeOrCorrupt(header, position);
  if (entry.position !== position) throw corrupt(position);
  const after = governs[entry.type] ? governance.evolve(entry) : governance;
  if (governs[entry.type] || shown === 'all' || shown.has(entry.type)) visit(governance, entry, after);
  return after;
}

function decodeOrCorrupt(header: Uint8Array, position: number): Entry {
  try {
    return decodeHeader(header);
  } catch {
    throw seemsNewer(header) ? tooNew(position) : corrupt(position);
  }
}

const tooNew = (position: number) => new Problem('log_too_new', { position });

const corrupt = (position: number) => new Problem('log_corrupt', { position });
