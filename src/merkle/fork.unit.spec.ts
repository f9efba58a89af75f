import fc from 'fast-check';
import { leafHash } from './hash.js';
import { naiveRoot, numberedLeaves } from './naive-tree.spec.js';
import { verifyConsistency, verifyFork } from './proof.js';
import { consistencyProof, memoryTree, prefixProof } from './tree.js';

const all = numberedLeaves(200);
const sizes = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200 }));
const ordered = sizes.map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

/** Two trees that have all in common below `at`, and another leaf there. */
const forkedAt = (at: number) => all.map((leaf, index) => (index === at ? leafHash(Uint8Array.of(1)) : leaf));
const claimOf = (from: readonly Uint8Array[], to: readonly Uint8Array[]) => ({
  fromSize: from.length,
  fromRoot: naiveRoot(from),
  toSize: to.length,
  toRoot: naiveRoot(to),
});

describe('a fork', () => {
  it('is shown by the hashes of the later tree, wherever it began in the earlier one', () =>
    fc.assert(
      fc.asyncProperty(ordered, fc.nat(), async ({ from, to }, any) => {
        const later = forkedAt(any % from).slice(0, to);
        const claim = claimOf(all.slice(0, from), later);
        const proof = await prefixProof(memoryTree(later), from, to);
        expect(verifyFork({ ...claim, proof })).toBe(true);
        const consistency = await consistencyProof(memoryTree(later), from, to);
        expect(verifyConsistency({ ...claim, proof: consistency })).toBe(false);
      }),
    ));

  it('is never shown of a log that goes on, by its own hashes or by any others', () =>
    fc.assert(
      fc.asyncProperty(ordered, fc.nat(), async ({ from, to }, any) => {
        const claim = claimOf(all.slice(0, from), all.slice(0, to));
        const own = await prefixProof(memoryTree(all.slice(0, to)), from, to);
        const others = await prefixProof(memoryTree(forkedAt(any % from).slice(0, to)), from, to);
        for (const proof of [own, others, own.slice(1), [...own, all[0] as Uint8Array], []]) {
          expect(verifyFork({ ...claim, proof })).toBe(false);
        }
      }),
    ));

  it('is not shown by what comes from outside and is no proof', () => {
    const claim = claimOf(all.slice(0, 3), forkedAt(1).slice(0, 5));
    for (const broken of [
      { proof: undefined as never },
      { proof: [new Uint8Array(31)] },
      { fromSize: 0, proof: [] },
      { fromSize: 6, proof: [] },
      { fromSize: 1.5, proof: [] },
      { fromRoot: new Uint8Array(5), proof: [] },
    ]) {
      expect(verifyFork({ ...claim, ...broken })).toBe(false);
    }
  });
});
