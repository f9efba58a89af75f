import { emptyFrontier, type Frontier } from '../merkle/frontier.js';
import { HashRow, RowTree } from '../merkle/hash-row.js';
import { hashBytes, leafHashWithin } from '../merkle/hash.js';
import { CopiedRows } from './copied-rows.js';
import { entryTypes, sameBytes } from './name-table.js';
import { governs, type EntryType } from './entries.js';
import { HeaderScan } from './header-scan.js';
import { seemsNewer } from './upcasters.js';

/** Entries a page, from a multiple of it on: 16 tiles, some 2 MB of headers, and one perfect subtree. */
export const entriesAPage = 4096;

/** A page to replay, as `replayRows` reads it. Nothing in it is trusted. */
export interface PageToReplay {
  readonly from: number;
  readonly to: number;
  readonly rows: Uint8Array;
  /** Types that are given back beside those that govern. */
  readonly shown: ReadonlySet<EntryType>;
}

export interface ReplayedPage {
  /** The first position that is not a header in its place, over the leaf beside it. Undefined if there is none. */
  readonly broken: number | undefined;
  /** It is broken to this program only, as it seems. */
  readonly newer: boolean;
  /** Of the page's own leaves; its root is still to be held against a signed one. */
  readonly frontier: Frontier;
  /** Headers that govern or are to be shown, in order, and their positions. */
  readonly headers: readonly { readonly position: number; readonly header: Uint8Array }[];
}

export const replayRows = (from: number, to: number): string =>
  `SELECT position, leaf, header FROM log.entry WHERE position >= ${from} AND position < ${to} ORDER BY position`;

/** Hashes a page and finds what governs in it. Needs nothing but its input, so that any thread may do it. */
export function replayPage({ from, to, rows: bytes, shown }: PageToReplay): ReplayedPage {
  const rows = new CopiedRows(bytes, 3);
  const scan = new HeaderScan();
  const leaves = new HashRow(to - from);
  const hashes = leaves.bytes;
  const headers: { position: number; header: Uint8Array }[] = [];
  for (let position = from; position < to; position += 1) {
    const type =
      rows.next() && rows.bigint(0) === position ? hashed(rows, position, { hashes, from, scan }) : undefined;
    if (type === undefined || type === 'newer') {
      return { broken: position, newer: type === 'newer', frontier: emptyFrontier, headers };
    }
    if (governs[type] || shown.has(type)) headers.push({ position, header: rows.slice(2).slice() });
  }
  return { broken: undefined, newer: false, frontier: new RowTree(leaves).frontier(leaves.count), headers };
}

interface ToHash {
  readonly hashes: Uint8Array;
  readonly from: number;
  readonly scan: HeaderScan;
}

/**
 * Hashes a header into its place. Its type, or undefined if it breaks the page. Most headers are not folded, and need not
 * be decoded; but each is scanned to its last byte, because the signed root says only that these bytes were appended. One
 * canonical encoding means that nobody else finds another type in it, and so an act that was missed here; its own position
 * must be its place, or an entry could count where it did not stand. The leaf beside it is not believed: it names the
 * first position that is wrong, which the root cannot.
 */
function hashed(rows: CopiedRows, position: number, { hashes, from, scan }: ToHash): EntryType | 'newer' | undefined {
  const { bytes } = rows;
  const [start, end] = [rows.from[2] as number, rows.to[2] as number];
  const leafAt = (position - from) * hashBytes;
  leafHashWithin(hashes, leafAt, bytes, start, end);
  const [leaf, leafEnd] = [rows.from[1] as number, rows.to[1] as number];
  if (leafEnd - leaf !== hashBytes || !sameBytes(hashes, leafAt, bytes, leaf, leafEnd)) return undefined;
  const unread = () => (seemsNewer(rows.slice(2)) ? 'newer' : undefined);
  try {
    scan.pass(bytes, start, end);
  } catch {
    return unread();
  }
  return scan.position === position ? (entryTypes.at(bytes, scan.typeFrom, scan.typeTo) ?? unread()) : undefined;
}
