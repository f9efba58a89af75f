import type { Frontier } from '../merkle/frontier.js';
import { HashRow, RowTree } from '../merkle/hash-row.js';
import { hashBytes, leafHashWithin } from '../merkle/hash.js';
import { CopiedRows } from './copied-rows.js';
import { entryTypes, sameBytes } from './name-table.js';
import { governs, type EntryType } from './entries.js';
import { HeaderScan } from './header-scan.js';

/** Entries a page, from a multiple of it on: 16 tiles, some 2 MB of headers, and one perfect subtree. */
export const entriesAPage = 4096;

/** Which entries are shown beside those that govern: each costs its decoding, so only those that are asked for are. */
export type Shown = ReadonlySet<EntryType> | 'all';
export const governingOnly: ReadonlySet<EntryType> = new Set<EntryType>();

/** A page to replay, or the part of one, as `replayRows` reads it. Nothing in it is trusted. */
export interface PageToReplay {
  readonly from: number;
  readonly to: number;
  readonly rows: Uint8Array;
  readonly shown: Shown;
}

/** Its root is still to be held against a signed one. */
export interface ReplayedPage {
  /** Of a whole page's own leaves; of a part of one the leaves themselves, end to end. */
  readonly tree: Frontier | Uint8Array;
  /** The times of all its entries. */
  readonly times: Float64Array;
  /**
   * Three numbers for each header that governs or is to be shown, in order: the entry's place in the page, and from where to
   * where the header lies in its rows. To move thousands of headers from thread to thread costs more than to hash them.
   */
  readonly shown: Int32Array;
}

export const replayRows = (from: number, to: number): string =>
  `SELECT leaf, header FROM log.entry WHERE position >= ${from} AND position < ${to} ORDER BY position`;

/**
 * Hashes a page and finds what governs in it; undefined if anything in it is not a header in its place, over the leaf
 * beside it. Needs nothing but its input, so that any thread may do it.
 *
 * Most headers are not folded, and need not be decoded; but each is scanned to its last byte, because the signed root says
 * only that these bytes were appended. One canonical encoding means that nobody else finds another type in it, and so an act
 * that was missed here; its own position must be its place, or an entry could count where it did not stand. The leaf
 * beside it is not believed: it tells which position is wrong, which the root cannot.
 */
export function replayPage({ from, to, rows: bytes, shown }: PageToReplay): ReplayedPage | undefined {
  const rows = new CopiedRows(bytes, 2);
  const leaves = new HashRow(to - from);
  const { bytes: hashes } = leaves;
  const times = new Float64Array(to - from);
  const found = new Int32Array(3 * leaves.count);
  let count = 0;
  for (let index = 0; index < leaves.count; index += 1) {
    if (!rows.next()) return undefined;
    const leaf = rows.from[0] as number;
    const start = rows.from[1] as number;
    const end = rows.to[1] as number;
    leafHashWithin(hashes, index * hashBytes, bytes, start, end);
    if (start - leaf !== leafAndLength || !sameBytes(hashes, index * hashBytes, bytes, leaf, leaf + hashBytes)) return undefined; // prettier-ignore
    try {
      scan.pass(bytes, start, end);
    } catch {
      return undefined;
    }
    const type = entryTypes.at(bytes, scan.typeFrom, scan.typeTo);
    if (type === undefined || scan.position !== from + index) return undefined;
    times[index] = scan.at;
    if (!governs[type] && shown !== 'all' && !shown.has(type)) continue;
    found[count] = index;
    found[count + 1] = start;
    found[count + 2] = end;
    count += 3;
  }
  if (rows.next()) return undefined;
  const tree = leaves.count === entriesAPage ? new RowTree(leaves).frontier(entriesAPage) : hashes;
  return { tree, times, shown: found.slice(0, count) };
}

/** A leaf, and the length of the header behind it. */
const leafAndLength = hashBytes + 4;

/** Replaying is synchronous, so that one serves all. */
const scan = new HeaderScan();
