import fc from 'fast-check';
import {
  appendLeaf,
  appendLeaves,
  appendPart,
  decodeFrontier,
  emptyFrontier,
  encodeFrontier,
  frontierRoot,
  type Frontier,
} from './frontier.js';
import { HashRow, RowTree } from './hash-row.js';
import { nodeHash } from './hash.js';
import { naivePath, naiveRoot, numberedLeaves } from './naive-tree.spec.js';
import { verifyConsistency, verifyInclusion } from './proof.js';
import { completedTiles, parseTilePath, tilePath, tileWidth } from './tile.js';
import { consistencyProof, inclusionProof, memoryTree, prefixProof, tileTree, type ReadTile } from './tree.js';

const all = numberedLeaves(700);
const sizes = fc.integer({ min: 1, max: 300 });
const flip = (bytes: Uint8Array, bit: number) =>
  bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe('a frontier', () => {
  it('gives the root of RFC 6962 at every size', () => {
    let frontier = emptyFrontier;
    for (let size = 0; size <= 300; size += 1) {
      expect(frontierRoot(frontier)).toEqual(naiveRoot(all.slice(0, size)));
      frontier = appendLeaf(frontier, all[size] as Uint8Array);
    }
  });

  it('is the same however the leaves come in, and after it was stored', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 10 }), (chunks) => {
        let frontier = emptyFrontier;
        for (const chunk of chunks) {
          frontier = decodeFrontier(
            encodeFrontier(appendLeaves(frontier, all.slice(frontier.size, frontier.size + chunk))),
          );
        }
        expect(frontier).toEqual(appendLeaves(emptyFrontier, all.slice(0, frontier.size)));
      }),
    ));

  it('is the same whether leaves come in one by one or as the frontier of a part, where that fits', () =>
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.nat({ max: 300 }), (size, count) => {
        const before = appendLeaves(emptyFrontier, all.slice(0, size));
        const part = appendLeaves(emptyFrontier, all.slice(size, size + count));
        const largest = count === 0 ? 1 : 2 ** Math.floor(Math.log2(count));
        if (size % largest === 0)
          expect(appendPart(before, part)).toEqual(appendLeaves(emptyFrontier, all.slice(0, size + count)));
        else expect(() => appendPart(before, part)).toThrow('the part does not begin');
      }),
      { numRuns: 500 },
    ));

  it('is the same from leaves that lie end to end, at every size of them', () => {
    const row = new HashRow(70);
    row.bytes.set(Buffer.concat(all.slice(0, 70)));
    const tree = new RowTree(row);
    for (let size = 0; size <= 70; size += 1) {
      expect(tree.frontier(size)).toEqual(appendLeaves(emptyFrontier, all.slice(0, size)));
    }
    expect(new RowTree(new HashRow(0)).frontier(0)).toEqual(emptyFrontier);
    expect(row.bytes).toEqual(new Uint8Array(Buffer.concat(all.slice(0, 70))));
  });

  it.each([
    ['a missing hash', (bytes: Uint8Array) => bytes.slice(0, -32)],
    ['an added hash', (bytes: Uint8Array) => Buffer.concat([bytes, new Uint8Array(32)])],
    ['half a hash', (bytes: Uint8Array) => bytes.slice(0, -1)],
    ['another size', (bytes: Uint8Array) => flip(bytes, 7 * 8)],
  ])('is not read from an encoding with %s', (_what, break_) => {
    const bytes = encodeFrontier(appendLeaves(emptyFrontier, all.slice(0, 6)));
    expect(() => decodeFrontier(break_(bytes))).toThrow('frontier_malformed');
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['no whole size', new Uint8Array(7)],
    ['a size past what a number counts', Buffer.from('0020000000000000' + '00'.repeat(32), 'hex')],
  ])('is not read from %s', (_what, bytes) => expect(() => decodeFrontier(bytes)).toThrow('frontier_malformed'));

  it('is written as its size and its hashes, and read as bytes of its own', () => {
    const hashes = [7, 9].map((fill) => new Uint8Array(32).fill(fill));
    const bytes = encodeFrontier({ size: 6, hashes });
    expect(Buffer.from(bytes).toString('hex')).toBe(`0000000000000006${'07'.repeat(32)}${'09'.repeat(32)}`);
    const within = Buffer.concat([Buffer.of(1, 2, 3), bytes]).subarray(3);
    const read = decodeFrontier(within);
    within.fill(0);
    expect(read).toEqual({ size: 6, hashes });
  });

  it('refuses a leaf of another length, and says the lengths only', () => {
    expect(() => appendLeaf(emptyFrontier, new Uint8Array(31))).toThrow('leaf: 31 bytes, not 32');
    expect(() => decodeFrontier('text' as never)).toThrow('frontier: not a Uint8Array');
  });

  it.each<[string, Frontier, string]>([
    ['fewer hashes than its size has', { size: 3, hashes: [all[0] as Uint8Array] }, 'hashes do not fit its size'],
    ['a hash more', { size: 1, hashes: all.slice(0, 2) }, 'hashes do not fit its size'],
    ['a hash of 31 bytes', { size: 1, hashes: [new Uint8Array(31)] }, 'frontier hash: 31 bytes, not 32'],
    ['half a leaf', { size: 0.5, hashes: [] }, 'size: not an integer'],
  ])('that has %s is none', (_what, broken, message) => {
    expect(() => appendLeaves(broken, [])).toThrow(message);
    expect(() => appendPart(broken, emptyFrontier)).toThrow(message);
    expect(() => appendPart(emptyFrontier, broken)).toThrow(message);
    expect(() => frontierRoot(broken)).toThrow(message);
    expect(() => encodeFrontier(broken)).toThrow(message);
  });

  it('does not grow past what a number counts, by a leaf or by a part', () => {
    const [leaf] = all as [Uint8Array];
    const full: Frontier = { size: Number.MAX_SAFE_INTEGER, hashes: all.slice(0, 53) };
    expect(() => appendLeaf(full, leaf)).toThrow('size: not an integer');
    const half: Frontier = { size: 2 ** 52, hashes: [leaf] };
    expect(() => appendPart(half, half)).toThrow('size: not an integer');
    expect(appendPart(half, { size: 2 ** 52 - 1, hashes: all.slice(0, 52) }).size).toBe(full.size);
  });

  it('stays as it was when something is appended, the empty one too', () => {
    const before = appendLeaves(emptyFrontier, all.slice(0, 7));
    const kept = encodeFrontier(before);
    appendLeaves(before, all.slice(7, 9));
    appendPart(before, appendLeaf(emptyFrontier, all[7] as Uint8Array));
    expect(encodeFrontier(before)).toEqual(kept);
    expect(Object.isFrozen(emptyFrontier) && Object.isFrozen(emptyFrontier.hashes)).toBe(true);
  });
});

describe('an inclusion proof', () => {
  const proven = (size: number, index: number) => inclusionProof(memoryTree(all.slice(0, size)), index, size);

  it('is the path of RFC 6962, and verifies', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, any) => {
        const index = any % size;
        const leaves = all.slice(0, size);
        const proof = await proven(size, index);
        expect(proof).toEqual(naivePath(index, leaves));
        expect(verifyInclusion({ leaf: all[index] as Uint8Array, index, size, proof, root: naiveRoot(leaves) })).toBe(
          true,
        );
      }),
    ));

  it('does not verify with any bit flipped, another index, or another size', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 200 }), fc.nat(), fc.nat(255), async (size, any, bit) => {
        const index = any % size;
        const proof = await proven(size, index);
        const claim = { leaf: all[index] as Uint8Array, index, size, proof, root: naiveRoot(all.slice(0, size)) };
        const at = any % proof.length;
        const broken = proof.map((hash, step) => (step === at ? flip(hash, bit) : hash));
        expect(verifyInclusion({ ...claim, proof: broken })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flip(claim.root, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, leaf: flip(claim.leaf, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, index: size })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...proof, all[0] as Uint8Array] })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false);
      }),
    ));
});

describe('a consistency proof', () => {
  it('verifies between any two sizes, and not against another root', () =>
    fc.assert(
      fc.asyncProperty(sizes, sizes, async (a, b) => {
        const [fromSize, toSize] = [Math.min(a, b), Math.max(a, b)];
        const proof = await consistencyProof(memoryTree(all.slice(0, toSize)), fromSize, toSize);
        const claim = {
          fromSize,
          toSize,
          proof,
          fromRoot: naiveRoot(all.slice(0, fromSize)),
          toRoot: naiveRoot(all.slice(0, toSize)),
        };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, fromRoot: flip(claim.fromRoot, 5) })).toBe(false);
        expect(verifyConsistency({ ...claim, toRoot: flip(claim.toRoot, 5) })).toBe(false);
      }),
    ));
});

describe('a tree is not asked', () => {
  const tree = memoryTree(all.slice(0, 6));
  it.each<[string, () => Promise<unknown>, string]>([
    ['for a leaf of no tree', async () => inclusionProof(tree, 0, 0), 'size: the empty tree has no leaf to prove'],
    ['for a leaf behind its last', async () => inclusionProof(tree, 6, 6), 'index: not an integer from 0 to 5'],
    ['for half a size', async () => inclusionProof(tree, 0, 1.5), 'size: not an integer'],
    ['how it goes on from nothing', async () => consistencyProof(tree, 0, 6), 'from: the empty tree needs no proof'],
    ['how it goes back', async () => consistencyProof(tree, 6, 5), 'from: not an integer from 0 to 5'],
    ['how it goes on to half a size', async () => consistencyProof(tree, 1, 5.5), 'to: not an integer'],
    ['for a subtree past its end', async () => tree.hash(1, 3), 'index: the subtree is not within the tree'],
    ['for a subtree that is not full', async () => tree.hash(3, 0), 'index: the subtree is not within the tree'],
    ['for a subtree before its start', async () => tree.hash(0, -1), 'index: not an integer'],
    ['for a level above every tree', async () => tree.hash(53, 0), 'level: not an integer from 0 to 52'],
    ['about half a leaf', async () => memoryTree([new Uint8Array(16)]), 'leaf: 16 bytes, not 32'],
    ['out of tiles of half a size', async () => tileTree(() => Promise.reject(), 0.5), 'size: not an integer'],
  ])('%s', (_what, asked, message) => expect(asked()).rejects.toThrow(message));

  it('what there is between two equal sizes: there is nothing', async () => {
    expect(await prefixProof(tree, 6, 6)).toEqual([]);
    expect(await consistencyProof(tree, 6, 6)).toEqual([]);
  });
  it('and gives every subtree that is full', async () => {
    expect(await tree.hash(1, 2)).toEqual(naiveRoot(all.slice(4, 6)));
    expect(await tree.hash(2, 0)).toEqual(naiveRoot(all.slice(0, 4)));
  });
});

describe('tiles', () => {
  it('are asked for once each, also at once, and again only after a failure', async () => {
    const asked: string[] = [];
    let fails = true;
    const readTile: ReadTile = (level, index, width) => {
      asked.push(`${level}/${index}/${width}`);
      if (fails) return Promise.reject(new Error('not there'));
      return Promise.resolve(new Uint8Array(Buffer.concat(all.slice(index * tileWidth, index * tileWidth + width))));
    };
    const tree = tileTree(readTile, 300);
    await expect(tree.hash(0, 299)).rejects.toThrow('not there');
    fails = false;
    expect(await Promise.all([tree.hash(0, 299), tree.hash(1, 149), tree.hash(0, 0)])).toEqual([
      all[299],
      naiveRoot(all.slice(298, 300)),
      all[0],
    ]);
    expect(asked).toEqual(['0/1/44', '0/1/44', '0/0/256']);
    await expect(tree.hash(0, 300)).rejects.toThrow('not within the tree');
  });
  it('of another length are none', () =>
    expect(tileTree(() => Promise.resolve(new Uint8Array(32)), 2).hash(0, 0)).rejects.toThrow(
      'tile: 32 bytes, not 64',
    ));
  it('serve the same hashes as the leaves', async () => {
    const levelHashes = (level: number): Uint8Array[] =>
      level === 0
        ? all
        : Array.from({ length: Math.floor(levelHashes(level - 1).length / tileWidth) }, (_, index) =>
            naiveRoot(levelHashes(level - 1).slice(index * tileWidth, (index + 1) * tileWidth)),
          );
    const readTile = (level: number, index: number, width: number) => {
      const hashes = levelHashes(level).slice(index * tileWidth, index * tileWidth + width);
      expect(hashes).toHaveLength(width);
      return Promise.resolve(new Uint8Array(Buffer.concat(hashes)));
    };
    for (const index of [0, 255, 256, 511, 512, 699]) {
      expect(await inclusionProof(tileTree(readTile, 700), index, 700)).toEqual(naivePath(index, all));
    }
  });

  it('are completed once each, however the tree grows', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 6 }), (steps) => {
        let size = 0;
        const seen: string[] = [];
        for (const step of steps) {
          seen.push(...completedTiles(size, size + step).map(({ level, index }) => `${level}/${index}`));
          size += step;
        }
        const whole = completedTiles(0, size).map(({ level, index }) => `${level}/${index}`);
        expect([...seen].sort()).toEqual([...whole].sort());
      }),
      { numRuns: 30 },
    ));

  it.each([
    [0, 0, 256, 'tile/0/000'],
    [0, 1234067, 256, 'tile/0/x001/x234/067'],
    [1, 5, 112, 'tile/1/005.p/112'],
  ])('have the paths of C2SP tlog-tiles', (level, index, width, path) => {
    expect(tilePath(level, index, width)).toBe(path);
    expect(parseTilePath(path)).toEqual({ level, index, width });
  });

  it.each([
    'tile/0/0',
    'tile/00/000',
    'tile/0/x000/001',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/0/001/',
    '../tile/0/000',
    'tile/64/000',
  ])('are not named by %s', (path) => expect(() => parseTilePath(path)).toThrow('tile_path_malformed'));
});

it('a perfect subtree of two is the node over its leaves', () => {
  expect(naiveRoot(all.slice(0, 2))).toEqual(nodeHash(all[0] as Uint8Array, all[1] as Uint8Array));
});
