import { checkBytes, checkCount } from './checked.js';
import { foldSubtrees } from './frontier.js';
import { hashBytes, nodeHash } from './hash.js';
import { tileHeight, tileWidth } from './tile.js';

/** Gives the hashes that proofs are made of. */
export interface TreeReader {
  /** The root of the perfect subtree over the 2^`level` leaves from `index` * 2^`level` on; level 0 is the leaves. */
  hash(level: number, index: number): Promise<Uint8Array>;
}

/** Gives one tile: `width` hashes of 32 bytes, end to end. `level` counts tile levels (8 of the tree each). */
export type ReadTile = (level: number, index: number, width: number) => Promise<Uint8Array>;

/**
 * Reads the tree of `size` leaves out of its tiles. Each tile is fetched once and kept as long as the reader, so make
 * a reader for a handful of proofs, not for a process. The tiles are not trusted: what they say shows in the proof,
 * which holds against a signed root or does not.
 */
export function tileTree(readTile: ReadTile, size: number): TreeReader {
  checkCount('size', size);
  const tiles = new Map<string, Promise<Subtrees>>();

  async function fetchTile(level: number, index: number): Promise<Subtrees> {
    const width = Math.min(tileWidth, Math.floor(size / tileWidth ** level) - index * tileWidth);
    const bytes = await readTile(level, index, width);
    checkBytes('tile', bytes, width * hashBytes);
    return new Subtrees(Array.from({ length: width }, (_, i) => bytes.slice(i * hashBytes, (i + 1) * hashBytes)));
  }

  function tile(level: number, index: number): Promise<Subtrees> {
    const key = `${level}/${index}`;
    let fetched = tiles.get(key);
    if (fetched === undefined) {
      fetched = fetchTile(level, index);
      tiles.set(key, fetched);
      // A failure is not kept: the next question asks again.
      fetched.catch(() => tiles.delete(key));
    }
    return fetched;
  }

  return {
    async hash(level, index) {
      checkSubtree(level, index, size);
      const row = level % tileHeight;
      const perTile = 2 ** (tileHeight - row);
      const found = await tile((level - row) / tileHeight, Math.floor(index / perTile));
      return found.at(row, index % perTile);
    },
  };
}

/** The tree over these leaves (their 32-byte hashes), all in memory. */
export function memoryTree(leaves: readonly Uint8Array[]): TreeReader {
  for (const leaf of leaves) checkBytes('leaf', leaf, hashBytes);
  const subtrees = new Subtrees([...leaves]);
  const size = leaves.length;
  return {
    async hash(level, index) {
      checkSubtree(level, index, size);
      return subtrees.at(level, index);
    },
  };
}

/** RFC 6962 §2.1.1, PATH(index, D[size]): from the leaf's sibling up to the root's child. */
export function inclusionProof(reader: TreeReader, index: number, size: number): Promise<Uint8Array[]> {
  checkCount('size', size);
  if (size === 0) throw new RangeError('size: the empty tree has no leaf to prove');
  checkCount('index', index, size - 1);
  const siblings: Range[] = [];
  let start = 0;
  for (let count = size; count > 1;) {
    const left = largestPowerBelow(count);
    if (index < start + left) {
      siblings.push({ start: start + left, count: count - left });
      count = left;
    } else {
      siblings.push({ start, count: left });
      start += left;
      count -= left;
    }
  }
  return rootsOf(reader, siblings.reverse());
}

/**
 * RFC 6962 §2.1.2, PROOF(from, D[to]). `from` is 1 to `to`: every tree continues the empty one, so there is nothing
 * to prove from 0, and verifiers refuse such a proof.
 */
export function consistencyProof(reader: TreeReader, from: number, to: number): Promise<Uint8Array[]> {
  const ranges = rangesOf(from, to);
  // At start 0 the first subtree is the whole old tree, whose root the verifier has (b = true in the RFC).
  return rootsOf(reader, ranges[0]?.start === 0 ? ranges.slice(1) : ranges);
}

/**
 * The same with nothing left out: both roots follow from these hashes alone, so that they can also show that a tree
 * is not continued (`verifyFork`). Empty for equal sizes.
 */
export function prefixProof(reader: TreeReader, from: number, to: number): Promise<Uint8Array[]> {
  return from === to ? Promise.resolve([]) : rootsOf(reader, rangesOf(from, to));
}

/** The subtrees that both roots are made of, in the order of a proof. */
function rangesOf(from: number, to: number): readonly Range[] {
  checkCount('to', to);
  checkCount('from', from, to);
  if (from === 0) throw new RangeError('from: the empty tree needs no proof');
  const parts: Range[] = [];
  let start = 0;
  let count = to;
  while (start + count > from) {
    const left = largestPowerBelow(count);
    if (from <= start + left) {
      parts.push({ start: start + left, count: count - left });
      count = left;
    } else {
      parts.push({ start, count: left });
      start += left;
      count -= left;
    }
  }
  return [...parts, { start, count }].reverse();
}

/** Leaves [start, start + count); `start` is a multiple of a power of two that is at least `count`. */
interface Range {
  readonly start: number;
  readonly count: number;
}

function rootsOf(reader: TreeReader, ranges: readonly Range[]): Promise<Uint8Array[]> {
  return Promise.all(ranges.map((range) => rootOf(reader, range)));
}

/** MTH of a range: its perfect subtrees, one for each 1 bit of `count`, folded from the right. */
async function rootOf(reader: TreeReader, { start, count }: Range): Promise<Uint8Array> {
  const subtrees: Promise<Uint8Array>[] = [];
  for (let rest = count, at = start; rest > 0;) {
    const level = levelOfLargest(rest);
    subtrees.push(reader.hash(level, at / 2 ** level));
    at += 2 ** level;
    rest -= 2 ** level;
  }
  return foldSubtrees(await Promise.all(subtrees));
}

/** The hashes of some neighbouring subtrees, and of the perfect subtrees over them, computed when first asked for. */
class Subtrees {
  private readonly rows: Uint8Array[][];

  constructor(hashes: Uint8Array[]) {
    this.rows = [hashes];
  }

  at(row: number, index: number): Uint8Array {
    while (this.rows.length <= row) this.rows.push(pairs(this.rows[this.rows.length - 1] ?? []));
    const hash = this.rows[row]?.[index];
    if (hash === undefined) throw new Error('tree: a subtree that the size promises is not there');
    return hash;
  }
}

function pairs(hashes: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  let left: Uint8Array | undefined;
  for (const hash of hashes) {
    if (left !== undefined) parents.push(nodeHash(left, hash));
    left = left === undefined ? hash : undefined;
  }
  return parents; // A last one without a sibling is no perfect subtree, and has no parent here.
}

function checkSubtree(level: number, index: number, size: number): void {
  checkCount('level', level, maxLevel);
  checkCount('index', index);
  if ((index + 1) * 2 ** level > size) throw new RangeError('index: the subtree is not within the tree');
}

/** 2^53 leaves are more than any size that a number holds exactly. */
const maxLevel = 52;

/** The k of RFC 6962 §2.1: the largest power of two that is smaller than `count`, which is at least 2. */
export function largestPowerBelow(count: number): number {
  return 2 ** levelOfLargest(count - 1);
}

/** The level of the largest perfect subtree in `count` leaves. Exact, which `Math.log2` is not above 2^48. */
function levelOfLargest(count: number): number {
  let level = 0;
  while (2 ** (level + 1) <= count) level += 1;
  return level;
}
