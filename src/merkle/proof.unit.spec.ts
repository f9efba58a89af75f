import { appendLeaves, emptyFrontier, frontierRoot, type Frontier } from './frontier.js';
import { nodeHash } from './hash.js';
import { naivePath, naiveRoot, numberedLeaves } from './naive-tree.spec.js';
import { verifyConsistency, verifyFork, verifyInclusion, type ConsistencyClaim, type InclusionClaim } from './proof.js';
import { consistencyProof, inclusionProof, memoryTree, prefixProof, type TreeReader } from './tree.js';

const all = numberedLeaves(8);
const leaf = all[2] as Uint8Array;
const bytes = (length: number) => new Uint8Array(length).fill(7);

describe('an inclusion claim is false, and nothing throws,', () => {
  const claim = { leaf, index: 2, size: 7, proof: naivePath(2, all.slice(0, 7)), root: naiveRoot(all.slice(0, 7)) };
  it.each<[string, Partial<Record<keyof InclusionClaim, unknown>>]>([
    ['of a leaf that is no hash', { leaf: bytes(31) }],
    ['of a leaf that is text', { leaf: 'leaf' }],
    ['of a root that is no hash', { root: bytes(33) }],
    ['of a root that is text', { root: 'root' }],
    ['without a proof', { proof: undefined }],
    ['by a text of as many characters', { proof: 'abc' }],
    ['by hashes of another length', { proof: [...claim.proof.slice(1), bytes(31)] }],
    ['by one hash more', { proof: [...claim.proof, bytes(32)] }],
    ['by one hash fewer', { proof: claim.proof.slice(0, -1) }],
    ['at no whole index', { index: 1.5 }],
    ['at an index that would round to its own', { index: 2.5 }],
    ['in a tree that would round to its own', { size: 7.5 }],
    ['past the root, to one above it', { proof: [...claim.proof, bytes(32)], root: nodeHash(bytes(32), claim.root) }],
    ['at an index below nothing', { index: -1 }],
    ['in a tree of no size', { size: NaN }],
    ['in a tree past what a number counts', { size: 2 ** 53 }],
    ['in the empty tree', { index: 0, size: 0, proof: [], leaf, root: leaf }],
    ['behind the only leaf', { index: 1, size: 1, proof: [], leaf, root: leaf }],
  ])('%s', (_what, differs) => {
    expect(verifyInclusion(claim)).toBe(true);
    expect(verifyInclusion({ ...claim, ...differs } as InclusionClaim)).toBe(false);
  });
});

describe('a consistency claim', () => {
  const roots = (fromSize: number, toSize: number) => ({
    fromSize,
    fromRoot: naiveRoot(all.slice(0, fromSize)),
    toSize,
    toRoot: naiveRoot(all.slice(0, toSize)),
  });
  const claimOf = async (from: number, to: number): Promise<ConsistencyClaim> => ({
    ...roots(from, to),
    proof: await consistencyProof(memoryTree(all.slice(0, to)), from, to),
  });

  it.each<[string, (claim: ConsistencyClaim) => Partial<Record<keyof ConsistencyClaim, unknown>>]>([
    ['of a root that is no hash', () => ({ fromRoot: bytes(31) })],
    ['of a root that is text', () => ({ toRoot: 'root' })],
    ['without a proof', () => ({ proof: undefined })],
    ['without a hash', () => ({ proof: [] })],
    ['by hashes of another length', ({ proof }) => ({ proof: [...proof.slice(1), bytes(33)] })],
    ['by one hash more', ({ proof }) => ({ proof: [...proof, bytes(32)] })],
    ['by one hash fewer', ({ proof }) => ({ proof: proof.slice(0, -1) })],
    ['from no whole size', () => ({ fromSize: 2.5 })],
    ['from a size that would round to its own', ({ fromSize }) => ({ fromSize: fromSize + 0.5 })],
    ['to a size that would round to its own', ({ toSize }) => ({ toSize: toSize + 0.5 })],
    ['past both roots, to those above them', ({ fromRoot, toRoot, proof }) => ({ fromRoot: nodeHash(leaf, fromRoot), toRoot: nodeHash(leaf, toRoot), proof: [...proof, leaf] })],
    ['to less, where the hashes would be as many', () => ({ fromSize: 3, fromRoot: leaf, toSize: 1, toRoot: leaf, proof: [leaf] })],
    ['from nothing', () => ({ fromSize: 0 })],
    ['to less', ({ fromSize, fromRoot, toSize, toRoot }) => ({ fromSize: toSize, fromRoot: toRoot, toSize: fromSize, toRoot: fromRoot })],
    ['to a size past what a number counts', () => ({ toSize: 2 ** 53 })],
  ])('is false %s', async (_what, differs) => {
    for (const claim of [await claimOf(3, 7), await claimOf(4, 7)]) {
      expect(verifyConsistency(claim)).toBe(true);
      expect(verifyConsistency({ ...claim, ...differs(claim) } as ConsistencyClaim)).toBe(false);
    }
  }); // prettier-ignore

  it('of one size is that of one root, with nothing to prove', () => {
    const same = { ...roots(5, 5), proof: [] };
    expect(verifyConsistency(same)).toBe(true);
    expect(verifyConsistency({ ...same, proof: [bytes(32)] })).toBe(false);
    expect(verifyConsistency({ ...same, toRoot: bytes(32) })).toBe(false);
    expect(verifyConsistency({ ...same, toRoot: 'root' as never })).toBe(false);
    expect(verifyConsistency({ ...same, fromRoot: 'root' as never })).toBe(false);
    expect(verifyConsistency({ ...same, toRoot: 'x'.repeat(32) as never })).toBe(false);
    expect(verifyConsistency({ ...same, fromRoot: 'x'.repeat(32) as never })).toBe(false);
    expect(verifyFork(same)).toBe(false);
    expect(verifyFork({ ...same, toRoot: bytes(32) })).toBe(true);
    expect(verifyFork({ ...same, toRoot: bytes(32), proof: [bytes(32)] })).toBe(false);
    expect(verifyFork({ ...same, toRoot: bytes(31) })).toBe(false);
  });

  it('between sizes that are none, or to less, shows no fork', async () => {
    const claim = { ...roots(3, 7), fromRoot: bytes(32), proof: await prefixProof(memoryTree(all.slice(0, 7)), 3, 7) };
    expect(verifyFork(claim)).toBe(true);
    for (const differs of [{ fromSize: 3.5 }, { toSize: 7.5 }, { fromSize: -3 }])
      expect(verifyFork({ ...claim, ...differs })).toBe(false);
    const toLess = { fromSize: 3, fromRoot: bytes(32), toSize: 1, toRoot: leaf, proof: [leaf] };
    expect(verifyFork(toLess)).toBe(false);
  });

  it('from nothing shows no fork, whatever the roots', () =>
    expect(verifyFork({ ...roots(0, 0), toRoot: bytes(32), proof: [] })).toBe(false));
});

describe('in a tree larger than 32 bits count', () => {
  const [from, size] = [2 ** 40 + 5, 2 ** 45 + 2 ** 33 + 3];
  /** All its leaves are the same: a subtree is known by its level. */
  const perfect = Array.from({ length: 52 }).reduce<Uint8Array[]>(
    (levels) => [...levels, nodeHash(levels.at(-1) as Uint8Array, levels.at(-1) as Uint8Array)],
    [leaf],
  );
  const reader: TreeReader = { hash: (level) => Promise.resolve(perfect[level] as Uint8Array) };
  const frontierOf = (leaves: number): Frontier => {
    const ones = [...leaves.toString(2)].map((bit, at, { length }) => (bit === '1' ? [perfect[length - 1 - at]] : []));
    return { size: leaves, hashes: ones.flat() as Uint8Array[] };
  };
  const rootAt = (leaves: number) => frontierRoot(frontierOf(leaves));

  it('a leaf is proven, wherever it is', async () => {
    const root = rootAt(size);
    for (const index of [0, 2 ** 32 + 1, 2 ** 45 + 1, size - 1]) {
      const proof = await inclusionProof(reader, index, size);
      expect(verifyInclusion({ leaf, index, size, proof, root })).toBe(true);
    }
  });
  it('it is proven that it goes on', async () => {
    const claim = { fromSize: from, fromRoot: rootAt(from), toSize: size, toRoot: rootAt(size) };
    expect(verifyConsistency({ ...claim, proof: await consistencyProof(reader, from, size) })).toBe(true);
    const forked = { ...claim, fromRoot: bytes(32), proof: await prefixProof(reader, from, size) };
    expect(verifyFork(forked)).toBe(true);
  });
  it('the longest proof that there can be, of 54 hashes, holds', async () => {
    const [few, most] = [3, Number.MAX_SAFE_INTEGER];
    const proof = await consistencyProof(reader, few, most);
    expect(proof).toHaveLength(54);
    expect(verifyConsistency({ fromSize: few, fromRoot: rootAt(few), toSize: most, toRoot: rootAt(most), proof })).toBe(true); // prettier-ignore
  });
  it('leaves are appended', () =>
    expect(appendLeaves(frontierOf(2 ** 45 - 2), [leaf, leaf, leaf])).toEqual(frontierOf(2 ** 45 + 1)));
  it('past what a number counts, none is', () => {
    const fullest = frontierOf(Number.MAX_SAFE_INTEGER);
    expect(() => appendLeaves(fullest, [leaf])).toThrow('size: not an integer from 0 to 9007199254740991');
    expect(appendLeaves(emptyFrontier, [])).toEqual(emptyFrontier);
  });
});
