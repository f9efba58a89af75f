import { hashBytes, leafHash } from '../merkle/hash.js';
import { tileWidth } from '../merkle/tile.js';
import { decodeHeader, type Entry } from './header.js';

/** A row of `log.entry` as it is stored, right or wrong. */
export interface EntryRow {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
  readonly at: number;
  readonly subject: string | null;
  readonly governs: boolean;
  readonly leaf: Uint8Array;
  readonly header: Uint8Array;
}

/** A row of `log.tile`, of the lowest level. */
export interface StoredTile {
  readonly index: number;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
  /** Another row of this tile stands beside this one. */
  readonly isTwice?: boolean;
}

/** What the database has for one position of the log. */
export interface Place {
  readonly position: number;
  readonly found: 'here' | 'elsewhere' | 'nowhere';
  /** The three copies of its leaf: the hash of its header, the column beside that, and its place in a tile. */
  readonly hash: Uint8Array | undefined;
  readonly column: Uint8Array | undefined;
  readonly tile: Uint8Array | undefined;
  /** Undefined if the header cannot be decoded, or belongs to another position. */
  readonly entry?: Entry;
  readonly row?: EntryRow;
}

interface PageOfRows {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly EntryRow[];
  readonly tiles: ReadonlyMap<number, StoredTile> | undefined;
}

/** Puts every row where its header says that it belongs, if it is the header that was hashed. */
export function findPlaces({ from, to, rows, tiles }: PageOfRows): Place[] {
  const here = new Map(rows.map((row) => [row.position, row]));
  const elsewhere = new Map(
    rows.flatMap((row) => {
      const position = claimed(row);
      return position === undefined || position === row.position ? [] : [[position, row] as const];
    }),
  );
  return Array.from({ length: to - from }, (_, offset) => {
    const position = from + offset;
    const row = here.get(position);
    const isHere = row !== undefined && (claimed(row) ?? position) === position;
    const found = isHere ? 'here' : elsewhere.has(position) ? 'elsewhere' : 'nowhere';
    const taken = isHere ? row : elsewhere.get(position);
    const entry = taken === undefined ? undefined : decoded(taken.header);
    return {
      position,
      found,
      hash: taken === undefined ? undefined : leafHash(taken.header),
      column: taken?.leaf,
      tile: tileLeaf(tiles, position),
      ...(entry?.position === position ? { entry } : {}),
      ...(taken === undefined ? {} : { row: taken }),
    };
  });
}

/** The position that a row says it belongs to; undefined if its header was changed or cannot be decoded. */
export function claimed({ header, leaf }: EntryRow): number | undefined {
  return Buffer.compare(leafHash(header), leaf) === 0 ? decoded(header)?.position : undefined;
}

function decoded(header: Uint8Array): Entry | undefined {
  try {
    return decodeHeader(header);
  } catch {
    return undefined;
  }
}

function tileLeaf(tiles: ReadonlyMap<number, StoredTile> | undefined, position: number): Uint8Array | undefined {
  const tile = tiles?.get(Math.floor(position / tileWidth));
  const at = (position % tileWidth) * hashBytes;
  const leaf = tile?.hashes.subarray(at, at + hashBytes);
  return leaf?.length === hashBytes ? leaf : undefined;
}
