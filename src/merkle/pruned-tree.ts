import { checkBytes, checkCount } from './checked.js';
import { hashBytes, nodeHash } from './hash.js';
import { MerkleError } from './merkle-error.js';
import { largestPowerBelow } from './tree.js';

/** The perfect subtree over the 2^`level` leaves from `index` * 2^`level` on. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

/** The root of a subtree of which no leaf is kept. */
export interface PrunedSubtree extends Subtree {
  readonly hash: Uint8Array;
}

/**
 * The largest perfect subtrees of the tree of `size` leaves that hold none of the `kept` ones, from left to right. With
 * their roots and the kept leaves the root of the tree can be computed: one proof of inclusion for all of them.
 * `kept`: in ascending order, each once, all below `size`.
 */
export function prunedSubtrees(kept: readonly number[], size: number): Subtree[] {
  const found: Subtree[] = [];
  if (size > 0) walk(kept, size, { leaf: () => undefined, pruned: (subtree) => void found.push(subtree) });
  return found;
}

/**
 * RFC 6962 §2.1, the root of the tree of `size` leaves, of which these are known and all others are under `pruned`.
 * Kept leaves at or above `size` do not count: the root of a smaller tree over the same leaves is found the same way.
 * @throws MerkleError tree_malformed if the subtrees are not exactly those that the kept leaves leave over
 */
export function prunedRoot(
  leaves: ReadonlyMap<number, Uint8Array>,
  pruned: readonly PrunedSubtree[],
  size: number,
): Uint8Array {
  checkCount('size', size);
  if (size === 0) throw new MerkleError('tree_malformed');
  const kept = [...leaves.keys()].filter((position) => position < size).sort((a, b) => a - b);
  let next = 0;
  const root = walk(kept, size, {
    leaf: (position) => leaves.get(position),
    pruned: ({ level, index }) => {
      const given = pruned[next];
      next += 1;
      return given?.level === level && given.index === index ? given.hash : undefined;
    },
  });
  if (root === undefined || next !== pruned.length) throw new MerkleError('tree_malformed');
  checkBytes('root', root, hashBytes);
  return root;
}

interface Hashes {
  leaf(position: number): Uint8Array | undefined;
  pruned(subtree: Subtree): Uint8Array | undefined;
}

/** From left to right; undefined once a hash is missing. Where whole subtrees are kept it costs a step for each leaf. */
function walk(kept: readonly number[], size: number, hashes: Hashes): Uint8Array | undefined {
  let at = 0;
  const over = (start: number, count: number): Uint8Array | undefined => {
    const holdsKept = (kept[at] ?? Infinity) < start + count;
    const level = Math.round(Math.log2(count));
    if (!holdsKept && 2 ** level === count) return hashes.pruned({ level, index: start / count });
    if (count === 1) {
      at += 1;
      return hashes.leaf(start);
    }
    const left = largestPowerBelow(count);
    const [one, other] = [over(start, left), over(start + left, count - left)];
    return one === undefined || other === undefined ? undefined : nodeHash(one, other);
  };
  return over(0, size);
}
