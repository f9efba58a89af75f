import { checkCount, isCount } from './checked.js';
import { MerkleError } from './merkle-error.js';

/** C2SP tlog-tiles: a tile spans 8 levels of the tree, so a full one holds 256 hashes, 8,192 bytes. */
export const tileHeight = 8;
export const tileWidth = 2 ** tileHeight;

/** The highest tile level that a path can name, by C2SP tlog-tiles; a tree of 2^53 - 1 leaves reaches level 6. */
const maxTileLevel = 63;

export interface TilePosition {
  readonly level: number;
  readonly index: number;
}

export interface TileAddress extends TilePosition {
  /** 1 to 256 hashes; below 256 the tile is partial. */
  readonly width: number;
}

/** The tiles of one level in a tree of some size: 0 to `fullTiles` - 1 are full, the next has `partialWidth` hashes. */
export interface TileLevel {
  readonly level: number;
  readonly fullTiles: number;
  /** 0 to 255; with 0 there is no partial tile. */
  readonly partialWidth: number;
}

/** `tile/0/x001/x234/067`, and `tile/0/x001/x234/067.p/8` for a partial tile. */
export function tilePath(level: number, index: number, width = tileWidth): string {
  checkCount('level', level, maxTileLevel);
  return `tile/${level}/${indexPath(index, width)}`;
}

/** `tile/entries/x001/x234/067`: the path of an entry bundle, numbered like the tiles of level 0. */
export function entriesPath(index: number, width = tileWidth): string {
  return `tile/entries/${indexPath(index, width)}`;
}

/** The inverse of `tilePath`. */
export function parseTilePath(text: string): TileAddress {
  const [, level, ...rest] = /^tile\/(\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = { level: Number(level), ...parseIndexPath(rest) };
  // Writing it again is the whole canonicality check: leading zeros, `x000/` and `.p/256` all come out otherwise.
  if (
    !isTile(address) ||
    address.level > maxTileLevel ||
    tilePath(address.level, address.index, address.width) !== text
  ) {
    throw new MerkleError('tile_path_malformed');
  }
  return address;
}

/** The inverse of `entriesPath`. */
export function parseEntriesPath(text: string): { readonly index: number; readonly width: number } {
  const [, ...rest] = /^tile\/entries\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseIndexPath(rest);
  if (!isTile({ level: 0, ...address }) || entriesPath(address.index, address.width) !== text) {
    throw new MerkleError('tile_path_malformed');
  }
  return address;
}

/**
 * The tiles that become full when the tree grows from `fromSize` to `toSize` leaves, level by level from the lowest,
 * so that whoever builds them in this order finds the tile below already there. About one for every 255 leaves.
 */
export function completedTiles(fromSize: number, toSize: number): TilePosition[] {
  checkCount('toSize', toSize);
  checkCount('fromSize', fromSize, toSize);
  const tiles: TilePosition[] = [];
  for (let level = 0, span = tileWidth; span <= toSize; level += 1, span *= tileWidth) {
    const end = Math.floor(toSize / span);
    for (let index = Math.floor(fromSize / span); index < end; index += 1) tiles.push({ level, index });
  }
  return tiles;
}

/** Every tile of a tree of this size, by level: `floor(size / 256^level)` hashes cut into tiles of 256. */
export function tilesOf(size: number): TileLevel[] {
  checkCount('size', size);
  const levels: TileLevel[] = [];
  for (let level = 0, hashes = size; hashes > 0; level += 1, hashes = Math.floor(hashes / tileWidth)) {
    levels.push({ level, fullTiles: Math.floor(hashes / tileWidth), partialWidth: hashes % tileWidth });
  }
  return levels;
}

function indexPath(index: number, width: number): string {
  checkCount('index', index);
  if (!isWidth(width)) throw new RangeError(`width: not an integer from 1 to ${tileWidth}`);
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return width === tileWidth ? path : `${path}.p/${width}`;
}

function parseIndexPath([groups, width]: (string | undefined)[]): { index: number; width: number } {
  return {
    index: Number(groups?.replaceAll(/[x/]/g, '')),
    width: width === undefined ? tileWidth : Number(width),
  };
}

function isTile({ level, index, width }: TileAddress): boolean {
  return isCount(level) && isCount(index) && isWidth(width);
}

function isWidth(width: number): boolean {
  return isCount(width) && width >= 1 && width <= tileWidth;
}
