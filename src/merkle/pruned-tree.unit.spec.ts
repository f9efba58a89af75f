import fc from 'fast-check';
import { MerkleError } from './merkle-error.js';
import { naiveRoot, numberedLeaves } from './naive-tree.spec.js';
import { prunedRoot, prunedSubtrees, type PrunedSubtree } from './pruned-tree.js';

const all = numberedLeaves(70);
/** A tree of some size, some of its leaves, and another size above all that is pruned. */
const trees = fc.integer({ min: 1, max: 70 }).chain((size) =>
  fc.record({
    size: fc.constant(size),
    kept: fc.uniqueArray(fc.nat(size - 1)).map((list) => list.sort((a, b) => a - b)),
  }),
);
const leavesOf = (kept: readonly number[]) => new Map(kept.map((at) => [at, all[at] as Uint8Array]));
const prunedOf = (kept: readonly number[], size: number): PrunedSubtree[] =>
  prunedSubtrees(kept, size).map(({ level, index }) => ({
    level,
    index,
    hash: naiveRoot(all.slice(index * 2 ** level, (index + 1) * 2 ** level)),
  }));

it('the kept leaves and the roots of what is pruned give the root of the whole tree', () => {
  fc.assert(
    fc.property(trees, ({ size, kept }) => {
      expect(prunedRoot(leavesOf(kept), prunedOf(kept, size), size)).toEqual(naiveRoot(all.slice(0, size)));
    }),
  );
});

it('in whatever order the leaves are given, the root is the same', () => {
  const kept = [1, 5, 6, 10];
  const backwards = new Map([...leavesOf(kept)].reverse());
  expect(prunedRoot(backwards, prunedOf(kept, 11), 11)).toEqual(naiveRoot(all.slice(0, 11)));
});

it('of the empty tree nothing is pruned', () => expect(prunedSubtrees([], 0)).toEqual([]));

it('they give the root of every smaller tree, too, from where on every leaf is kept', () => {
  fc.assert(
    fc.property(trees, fc.nat(69), ({ size, kept }, from) => {
      const first = Math.min(from, size - 1);
      const complete = [
        ...kept.filter((at) => at < first),
        ...Array.from({ length: size - first }, (_, at) => first + at),
      ];
      const pruned = prunedOf(complete, size);
      for (let smaller = Math.max(1, first); smaller <= size; smaller += 1)
        expect(prunedRoot(leavesOf(complete), pruned, smaller)).toEqual(naiveRoot(all.slice(0, smaller)));
    }),
    { numRuns: 30 },
  );
});

it('what is pruned holds no kept leaf, and all of it is as large as it can be', () => {
  expect(prunedSubtrees([5], 8)).toEqual([
    { level: 2, index: 0 },
    { level: 0, index: 4 },
    { level: 1, index: 3 },
  ]);
  expect(prunedSubtrees([], 7)).toEqual([
    { level: 2, index: 0 },
    { level: 1, index: 2 },
    { level: 0, index: 6 },
  ]);
  expect(prunedSubtrees([0, 1, 2], 3)).toEqual([]);
});

describe('another root, or none, comes of', () => {
  const kept = [1, 5, 6];
  const [leaves, pruned] = [leavesOf(kept), prunedOf(kept, 11)];
  const root = naiveRoot(all.slice(0, 11));
  const other = (hash: Uint8Array) => hash.map((byte, index) => (index === 0 ? byte ^ 1 : byte));

  it('a changed leaf or a changed hash', () => {
    expect(prunedRoot(new Map([...leaves, [5, other(all[5] as Uint8Array)]]), pruned, 11)).not.toEqual(root);
    pruned.forEach((subtree, index) => {
      const changed = pruned.with(index, { ...subtree, hash: other(subtree.hash) });
      expect(prunedRoot(leaves, changed, 11)).not.toEqual(root);
    });
  });

  it('a subtree that says to be in another place', () => {
    pruned.forEach((subtree, index) => {
      for (const elsewhere of [{ index: subtree.index + 1 }, { level: subtree.level + 1 }]) {
        const moved = pruned.with(index, { ...subtree, ...elsewhere });
        expect(() => prunedRoot(leaves, moved, 11)).toThrow(new MerkleError('tree_malformed'));
      }
    });
  });

  it('a size that is none, or of leaves that are no hashes', () => {
    expect(() => prunedRoot(leaves, pruned, 10.5)).toThrow('size: not an integer');
    expect(() => prunedRoot(new Map([[0, new Uint8Array(31)]]), [], 1)).toThrow('root: 31 bytes, not 32');
  });

  it('a leaf or a subtree too few, one too many, or in another order', () => {
    const [first, second] = pruned as [PrunedSubtree, PrunedSubtree];
    for (const [some, subtrees] of [
      [leavesOf([1, 5]), pruned],
      [leavesOf([1, 2, 5, 6]), pruned],
      [leaves, pruned.slice(1)],
      [leaves, [...pruned, first]],
      [leaves, [second, first, ...pruned.slice(2)]],
      [leaves, []],
    ] as const)
      expect(() => prunedRoot(some, subtrees, 11)).toThrow(new MerkleError('tree_malformed'));
    expect(() => prunedRoot(new Map(), [], 0)).toThrow(new MerkleError('tree_malformed'));
  });
});
