import { equalBytes, isBytes, isCount } from './checked.js';
import { hashBytes, nodeHash } from './hash.js';

export interface InclusionClaim {
  /** The leaf's hash (`leafHash`), not its data. */
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface ConsistencyClaim {
  readonly fromSize: number;
  readonly fromRoot: Uint8Array;
  readonly toSize: number;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Whether `leaf` is at `index` in the tree of `size` leaves with this root: RFC 9162 §2.1.3.2. False, never a throw,
 * for whatever came from outside. `size` and `root` must come from one checkpoint whose signature was verified: the
 * hashes bind the index, but other sizes can give a path of the same shape, and then the same proof holds for them.
 */
export function verifyInclusion({ leaf, index, size, proof, root }: InclusionClaim): boolean {
  if (!isBytes(leaf, hashBytes) || !isBytes(root, hashBytes) || !isProof(proof)) return false;
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  const path = new Path(index, size - 1);
  let hash = leaf;
  for (const sibling of proof) {
    if (path.atTop()) return false;
    hash = path.siblingIsLeft() ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    path.rise();
  }
  return path.atTop() && equalBytes(hash, root);
}

/**
 * Whether the tree of `toSize` leaves continues the tree of `fromSize` leaves: RFC 9162 §2.1.4.2. False, never a
 * throw, for whatever came from outside. A proof from size 0 is always false: it would prove nothing.
 */
export function verifyConsistency({ fromSize, fromRoot, toSize, toRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(fromSize) || !isCount(toSize) || fromSize === 0 || fromSize > toSize || !isProof(proof)) return false;
  if (fromSize === toSize) return proof.length === 0 && isSameRoot(fromRoot, toRoot);
  if (!isBytes(fromRoot, hashBytes) || !isBytes(toRoot, hashBytes) || proof.length === 0) return false;

  // Step 2: a perfect old tree is itself a node of the new one, so the proof leaves its root out.
  const roots = rootsOf(fromSize, toSize, isPowerOfTwo(fromSize) ? [fromRoot, ...proof] : proof);
  return roots !== undefined && equalBytes(roots.from, fromRoot) && equalBytes(roots.to, toRoot);
}

/**
 * Whether the tree of `toSize` leaves provably does **not** continue the one of `fromSize`: the hashes (`prefixProof`)
 * give `toRoot`, and with it another root at `fromSize`. So two checkpoints that one log signed convict it, for
 * anybody. False, never a throw, for whatever came from outside: hashes that show nothing show no fork either.
 */
export function verifyFork({ fromSize, fromRoot, toSize, toRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(fromSize) || !isCount(toSize) || fromSize === 0 || fromSize > toSize || !isProof(proof)) return false;
  if (!isBytes(fromRoot, hashBytes) || !isBytes(toRoot, hashBytes)) return false;
  if (fromSize === toSize) return proof.length === 0 && !equalBytes(fromRoot, toRoot);
  const roots = rootsOf(fromSize, toSize, proof);
  return roots !== undefined && equalBytes(roots.to, toRoot) && !equalBytes(roots.from, fromRoot);
}

/** The roots at both sizes that these hashes lead to; undefined if they are not as many as that takes. */
function rootsOf(
  fromSize: number,
  toSize: number,
  [seed, ...hashes]: readonly Uint8Array[],
): { readonly from: Uint8Array; readonly to: Uint8Array } | undefined {
  if (seed === undefined) return undefined;
  const path = new Path(fromSize - 1, toSize - 1);
  while (path.isRightChild()) path.climb(); // Step 4.
  let [from, to] = [seed, seed];
  for (const hash of hashes) {
    if (path.atTop()) return undefined;
    if (path.siblingIsLeft()) {
      from = nodeHash(hash, from);
      to = nodeHash(hash, to);
    } else {
      to = nodeHash(to, hash);
    }
    path.rise();
  }
  return path.atTop() ? { from, to } : undefined;
}

/** The `fn` and `sn` of RFC 9162: a node's index on its level, and that of the level's last node. */
class Path {
  constructor(
    private node: number,
    private last: number,
  ) {}

  atTop(): boolean {
    return this.last === 0;
  }

  isRightChild(): boolean {
    return this.node % 2 === 1;
  }

  /** A last node without a right sibling is carried up unhashed, to the level where it is a right child. */
  siblingIsLeft(): boolean {
    return this.isRightChild() || this.node === this.last;
  }

  /** To the level of the parent that the last hashing made. */
  rise(): void {
    if (this.siblingIsLeft()) while (!this.isRightChild() && this.node !== 0) this.climb();
    this.climb();
  }

  /** By division: `>>` would cut a size to 32 bits. */
  climb(): void {
    this.node = Math.floor(this.node / 2);
    this.last = Math.floor(this.last / 2);
  }
}

/** No tree that a number can count is higher, so no proof is longer, and none costs more than this many hashes. */
const maxProofHashes = 53 + 1;

function isProof(proof: unknown): proof is readonly Uint8Array[] {
  return Array.isArray(proof) && proof.length <= maxProofHashes && proof.every((hash) => isBytes(hash, hashBytes));
}

/**
 * Two trees of one size continue each other if their roots are the same bytes. Of any length: nothing is hashed, and
 * the public vectors demand it (`sizes-are-equal-one-and-proof-is-empty` has roots of 11 bytes).
 */
function isSameRoot(fromRoot: unknown, toRoot: unknown): boolean {
  return fromRoot instanceof Uint8Array && toRoot instanceof Uint8Array && equalBytes(fromRoot, toRoot);
}

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
}
