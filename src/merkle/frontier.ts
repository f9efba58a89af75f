import { checkBytes, checkCount, isCount } from './checked.js';
import { emptyRoot, hashBytes, nodeHash } from './hash.js';
import { MerkleError } from './merkle-error.js';

/**
 * All that is needed to append to a tree and to know its root: the roots of the perfect subtrees that cover
 * [0, size), the largest first. One for each 1 bit of `size`: a tree of 6 leaves has two, of 4 and of 2 leaves.
 */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

export const emptyFrontier: Frontier = Object.freeze({ size: 0, hashes: Object.freeze([]) });

/** The frontier after one more leaf (its 32-byte hash). `frontier` stays as it was. */
export function appendLeaf(frontier: Frontier, leaf: Uint8Array): Frontier {
  return appendLeaves(frontier, [leaf]);
}

/**
 * The frontier after more leaves (their 32-byte hashes), in order. `frontier` stays as it was.
 * Costs one node hash a leaf, whatever the size of the tree.
 */
export function appendLeaves(frontier: Frontier, leaves: Iterable<Uint8Array>): Frontier {
  checkFrontier(frontier);
  const hashes = [...frontier.hashes];
  let size = frontier.size;
  for (const leaf of leaves) {
    checkBytes('leaf', leaf, hashBytes);
    checkCount('size', size + 1);
    // Like a carry in binary addition: each 1 bit at the end of the old size is a subtree that is now full.
    let subtree = leaf;
    for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) subtree = nodeHash(pop(hashes), subtree);
    hashes.push(subtree);
    size += 1;
  }
  return { size, hashes };
}

/**
 * The frontier after the leaves of another tree, put behind this one's. Costs a node hash or two for each subtree of
 * `part`, so whoever hashes leaves elsewhere hands over a frontier of them.
 * @throws RangeError unless `frontier.size` is a multiple of the largest subtree in `part`: else they do not fit.
 */
export function appendPart(frontier: Frontier, part: Frontier): Frontier {
  checkFrontier(frontier);
  checkFrontier(part);
  checkCount('size', frontier.size + part.size);
  const hashes = [...frontier.hashes];
  let { size } = frontier;
  let span = 1;
  while (span * 2 <= part.size) span *= 2;
  if (size % span !== 0) throw new RangeError('frontier: the part does not begin where its subtrees do');
  let rest = part.size;
  for (const hash of part.hashes) {
    while (span > rest) span /= 2;
    let subtree = hash;
    for (let left = size / span; left % 2 === 1; left = (left - 1) / 2) subtree = nodeHash(pop(hashes), subtree);
    hashes.push(subtree);
    size += span;
    rest -= span;
  }
  return { size, hashes };
}

/** The RFC 6962 §2.1 root of the tree. */
export function frontierRoot(frontier: Frontier): Uint8Array {
  checkFrontier(frontier);
  return foldSubtrees(frontier.hashes);
}

/** The root over neighbouring subtrees that get smaller from left to right: the ragged right edge folds first. */
export function foldSubtrees(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? emptyRoot() : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** size as 8 bytes, big-endian ‖ hashes, the largest subtree first. */
export function encodeFrontier(frontier: Frontier): Uint8Array {
  checkFrontier(frontier);
  const bytes = new Uint8Array(sizeBytes + frontier.hashes.length * hashBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(frontier.size));
  frontier.hashes.forEach((hash, i) => bytes.set(hash, sizeBytes + i * hashBytes));
  return bytes;
}

/** The inverse of `encodeFrontier`. Checks the form only: that the hashes are right, only a known root can tell. */
export function decodeFrontier(bytes: Uint8Array): Frontier {
  checkBytes('frontier', bytes);
  if (bytes.length < sizeBytes) throw new MerkleError('frontier_malformed');
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  if (!isCount(size) || bytes.length !== sizeBytes + onesIn(size) * hashBytes) {
    throw new MerkleError('frontier_malformed');
  }
  const hashes = Array.from({ length: onesIn(size) }, (_, i) =>
    Uint8Array.from(bytes.subarray(sizeBytes + i * hashBytes, sizeBytes + (i + 1) * hashBytes)),
  );
  return { size, hashes };
}

const sizeBytes = 8;

function checkFrontier({ size, hashes }: Frontier): void {
  checkCount('size', size);
  if (hashes.length !== onesIn(size)) throw new RangeError('frontier: hashes do not fit its size');
  for (const hash of hashes) checkBytes('frontier hash', hash, hashBytes);
}

/** The 1 bits of a size. By division: `&` and `>>` would cut the size to 32 bits. */
function onesIn(size: number): number {
  let ones = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return ones;
}

/** There is one: for each 1 bit of the size `checkFrontier` saw a hash. */
const pop = (hashes: Uint8Array[]): Uint8Array => hashes.pop() as Uint8Array;
