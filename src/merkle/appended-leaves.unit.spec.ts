import fc from 'fast-check';
import { AppendedLeaves } from './appended-leaves.js';
import { appendLeaves, emptyFrontier } from './frontier.js';
import { naivePath, naiveRoot, numberedLeaves } from './naive-tree.spec.js';
import { verifyInclusion } from './proof.js';
import { completedTiles, tileHeight } from './tile.js';
import { inclusionProof, memoryTree } from './tree.js';

const all = numberedLeaves(66_200);
const first = (count: number) => all.slice(0, count);
const appended = (from: number, to: number) =>
  new AppendedLeaves(appendLeaves(emptyFrontier, first(from)), all.slice(from, to));

describe('the tree after an append', () => {
  it('gives no proof of a leaf that is not new, or not there', () => {
    const tree = appended(5, 9);
    expect(() => tree.inclusionProof(4)).toThrow('index: not a new leaf');
    expect(tree.inclusionProof(5)).toHaveLength(4);
    expect(tree.inclusionProof(8)).toHaveLength(1);
    expect(() => tree.inclusionProof(9)).toThrow('index: not an integer from 0 to 8');
  });

  it('refuses a leaf of another length', () => {
    expect(() => new AppendedLeaves(emptyFrontier, [new Uint8Array(31)])).toThrow('leaf: 31 bytes, not 32');
  });

  it('gives the root of a subtree that is full now, and none of one that was full before, or is not there', () => {
    const tree = appended(5, 9);
    expect(tree.completedRoot(0, 8)).toEqual(all[8]);
    expect(tree.completedRoot(1, 2)).toEqual(naiveRoot(all.slice(4, 6)));
    expect(tree.completedRoot(3, 0)).toEqual(naiveRoot(first(8)));
    for (const [level, index] of [
      [0, 3],
      [0, 9],
      [1, 0],
      [1, 4],
      [2, 2],
    ] as const)
      expect(() => tree.completedRoot(level, index)).toThrow('a subtree that the size promises is not there');
    expect(() => tree.completedRoot(4, 0)).toThrow(new RangeError('level: above the tree'));
  });

  it('is none past what a number counts', () => {
    const full = { size: Number.MAX_SAFE_INTEGER, hashes: first(53) };
    expect(() => new AppendedLeaves(full, first(1))).toThrow('size: not an integer from 0 to 9007199254740991');
  });

  it('is that of RFC 6962, with the path of each new leaf, for every small size before and after', () => {
    for (let to = 0; to <= 35; to += 1) {
      const root = naiveRoot(first(to));
      const paths = first(to).map((_, index) => naivePath(index, first(to)));
      for (let from = 0; from <= to; from += 1) {
        const tree = appended(from, to);
        expect(tree.frontier).toEqual(appendLeaves(emptyFrontier, first(to)));
        expect(tree.root).toEqual(root);
        const proofs = paths.slice(from).map((_, offset) => tree.inclusionProof(from + offset));
        expect(proofs).toEqual(paths.slice(from));
        const holds = (proof: readonly Uint8Array[], offset: number) =>
          verifyInclusion({ leaf: all[from + offset] as Uint8Array, index: from + offset, size: to, proof, root });
        expect(proofs.every(holds)).toBe(true);
      }
    }
  });

  it('proves what a reader of the whole tree proves, when it is large', async () => {
    const sizes = fc.record({ from: fc.nat(65_200), count: fc.integer({ min: 1, max: 999 }), any: fc.nat() });
    const property = fc.asyncProperty(sizes, async ({ from, count, any }) => {
      const [to, index] = [from + count, from + (any % count)];
      const tree = appended(from, to);
      const proof = tree.inclusionProof(index);
      expect(proof).toEqual(await inclusionProof(memoryTree(first(to)), index, to));
      expect(verifyInclusion({ leaf: all[index] as Uint8Array, index, size: to, proof, root: tree.root })).toBe(true);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it('knows the root of every tile that became full', async () => {
    const [from, to] = [65_000, 66_100];
    const tree = appended(from, to);
    const reader = memoryTree(first(to));
    const tiles = completedTiles(from, to);
    expect(tiles.map(({ level }) => level)).toEqual([0, 0, 0, 0, 0, 1]);
    for (const { level, index } of tiles) {
      const above = (level + 1) * tileHeight;
      expect(tree.completedRoot(above, index)).toEqual(await reader.hash(above, index));
    }
  });
});
