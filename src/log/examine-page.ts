import { appendLeaves, frontierRoot, type Frontier } from '../merkle/frontier.js';
import { hashBytes } from '../merkle/hash.js';
import { perfectRoot } from '../merkle/perfect-root.js';
import { tileWidth } from '../merkle/tile.js';
import type { Check } from './checks.js';
import { findPlaces, type EntryRow, type Place, type StoredTile } from './entry-places.js';
import type { Entry } from './header.js';

export interface PageToExamine {
  readonly from: number;
  readonly to: number;
  /** Of the page, and those elsewhere that its rows say they belong to. */
  readonly rows: readonly EntryRow[];
  /** Of level 0, by index; undefined where they are not to be looked at. */
  readonly tiles: ReadonlyMap<number, StoredTile> | undefined;
  /** By size; `signed` is undefined if the log did not sign that one. */
  readonly checkpoints: readonly { readonly size: number; readonly signed: Uint8Array | undefined }[];
  readonly frontier: Frontier;
}

export interface ExaminedPage {
  readonly frontier: Frontier;
  /** For each position the row that belongs there, wherever it stands, and its entry if that can be relied on. */
  readonly places: readonly { readonly position: number; readonly row?: EntryRow; readonly entry?: Entry }[];
  /** By size, the root over the leaves that were gone on with. */
  readonly roots: ReadonlyMap<number, Uint8Array>;
  /** Roots of its full tiles, end to end. */
  readonly tileRoots: Uint8Array;
}

type Report = (position: number, check: Check) => void;

/**
 * Says what is wrong in a page, entry by entry. A leaf stands in three places (hash of the header, leaf column, tile);
 * where they differ, the signed root decides which is true, and the tree goes on with that one: one wrong byte is one
 * problem, and not all that follow.
 */
export function examinePage(page: PageToExamine, report: Report): ExaminedPage {
  for (const position of repeated(page.rows)) report(position, 'not_in_the_log');
  const places = findPlaces(page);
  const { leaves, frontier, roots } = chooseLeaves(page, places);
  for (const [offset, place] of places.entries()) {
    const check = problemOf(place, leaves[offset] as Uint8Array);
    if (check !== undefined) report(place.position, check);
  }
  const tileRoots = examineTiles(page, places, leaves, report);
  const reliable = places.map((place, offset) => (isSame(place.hash, leaves[offset]) ? place : withoutEntry(place)));
  return { frontier, roots, tileRoots, places: reliable };
}

/** Positions of second rows, which no index allows and whoever rules the indexes can make. */
function repeated(rows: readonly EntryRow[]): number[] {
  const seen = new Set<number>();
  return rows.flatMap(({ position }) => (seen.size === seen.add(position).size ? [position] : []));
}

const withoutEntry = ({ entry: _changed, ...place }: Place): Place => place;

function problemOf(place: Place, leaf: Uint8Array): Check | undefined {
  if (place.found === 'nowhere') return 'missing';
  if (place.found === 'elsewhere') return 'reordered';
  if (!isSame(place.hash, leaf)) return 'header_changed';
  if (!isSame(place.column, leaf)) return 'leaf_differs';
  return place.entry === undefined ? 'header_unreadable' : undefined;
}

type Choice = (place: Place) => Uint8Array | undefined;

/** Which copies to believe, in the order in which they are tried against a signed root. */
const choices: readonly Choice[] = [
  // Two against one: whoever changed one place, and not knowing of the others, is found out at once.
  ({ hash, column, tile }) => (isSame(hash, column) ? hash : (tile ?? column)),
  ({ hash, column, tile }) => tile ?? column ?? hash,
  ({ hash, column, tile }) => hash ?? tile ?? column,
];
/** In the place of a leaf that nobody knows any more. */
const unknownLeaf = new Uint8Array(hashBytes);

/** Leaves up to each checkpoint: the first choice that gives the root that was signed, or else the first. */
function chooseLeaves({ from, to, checkpoints, frontier: before }: PageToExamine, places: readonly Place[]) {
  const leaves: Uint8Array[] = [];
  const roots = new Map<number, Uint8Array>();
  let frontier = before;
  for (const { size, signed } of [...checkpoints, { size: to, signed: undefined }]) {
    const part = places.slice(leaves.length, size - from);
    const tries = choices.map((choice) => part.map((place) => choice(place) ?? unknownLeaf));
    const grown = tries.map((chosen) => ({ chosen, frontier: appendLeaves(frontier, chosen) }));
    const right = grown.find((one) => isSame(frontierRoot(one.frontier), signed)) ?? grown[0];
    if (right === undefined) continue;
    leaves.push(...right.chosen);
    frontier = right.frontier;
    roots.set(size, frontierRoot(frontier));
  }
  return { leaves, frontier, roots };
}

/** Names the first position below the first hash that differs. Returns the roots that the tiles should have. */
function examineTiles(page: PageToExamine, places: readonly Place[], leaves: readonly Uint8Array[], report: Report) {
  const roots: Uint8Array[] = [];
  for (let first = 0; first + tileWidth <= leaves.length; first += tileWidth) {
    const hashes = leaves.slice(first, first + tileWidth);
    const root = perfectRoot(hashes);
    roots.push(root);
    const stored = page.tiles?.get((page.from + first) / tileWidth);
    if (page.tiles === undefined) continue;
    const differs = hashes.findIndex((hash, index) => !isSame(hash, places[first + index]?.tile));
    if (stored === undefined) report(page.from + first, 'tile_missing');
    else if (differs !== -1) report(page.from + first + differs, 'tile_differs');
    else if (stored.isTwice || !isSame(stored.root, root)) report(page.from + first, 'tile_differs');
  }
  return new Uint8Array(Buffer.concat(roots));
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
