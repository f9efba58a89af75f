import { createHash } from 'node:crypto';
import { HashRow, RowTree } from './hash-row.js';
import { emptyRoot, leafHash, leafHashInto, leafHashWithin, nodeHash, sha256 } from './hash.js';
import { naiveRoot, numberedLeaves } from './naive-tree.spec.js';
import { perfectRoot } from './perfect-root.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** RFC 6962 §2.1, by another hash function of Node's than ours. */
const byHand = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex');
const all = numberedLeaves(9);

describe('the hash of a leaf', () => {
  it('is SHA-256 of a zero byte and its data, of any length', () => {
    for (const length of [0, 1, 64, 16_382, 16_383, 16_384, 16_385, 70_000]) {
      const data = new Uint8Array(length).fill(7);
      expect(hex(leafHash(data))).toBe(byHand(Uint8Array.of(0), data));
    }
    // A short one after a long one: nothing of that is left.
    expect(hex(leafHash(Uint8Array.of(1)))).toBe(byHand(Uint8Array.of(0, 1)));
    expect(() => leafHash('text' as never)).toThrow('data: not a Uint8Array');
  });

  it('is put into a row where it is told to be, and nowhere else', () => {
    const row = new Uint8Array(96).fill(9);
    leafHashInto(row, 32, Uint8Array.of(1, 2));
    expect(hex(row)).toBe('09'.repeat(32) + byHand(Uint8Array.of(0, 1, 2)) + '09'.repeat(32));
  });

  it('is the same of bytes within others, which stay as they were', () => {
    const bytes = Uint8Array.of(5, 6, 1, 2, 8);
    const row = new Uint8Array(64);
    leafHashWithin(row, 32, bytes, 2, 4);
    expect(hex(row)).toBe('00'.repeat(32) + byHand(Uint8Array.of(0, 1, 2)));
    expect(bytes).toEqual(Uint8Array.of(5, 6, 1, 2, 8));
  });
});

describe('the hash of a node', () => {
  it('is SHA-256 of a one byte and both children', () => {
    const [left, right] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    expect(hex(nodeHash(left, right))).toBe(byHand(Uint8Array.of(1), left, right));
    expect(hex(nodeHash(right, left))).toBe(byHand(Uint8Array.of(1), right, left));
  });

  it('is of two hashes', () => {
    expect(() => nodeHash(new Uint8Array(31), new Uint8Array(32))).toThrow('left: 31 bytes, not 32');
    expect(() => nodeHash(new Uint8Array(32), new Uint8Array(33))).toThrow('right: 33 bytes, not 32');
  });
});

it('the root of no leaves is SHA-256 of nothing', () => {
  expect(hex(emptyRoot())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(hex(sha256(Buffer.from('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('the root over a power of two of hashes is that of RFC 6962', () => {
  for (const count of [1, 2, 4, 8]) expect(perfectRoot(all.slice(0, count))).toEqual(naiveRoot(all.slice(0, count)));
});

describe('a row of hashes', () => {
  const row = new HashRow(5);
  row.bytes.set(Buffer.concat(all.slice(0, 5)));

  it('holds them end to end, and each can be seen and changed in its place', () => {
    expect(row.bytes).toHaveLength(160);
    expect([0, 2, 4].map((index) => row.at(index))).toEqual([all[0], all[2], all[4]]);
    const other = new HashRow(2);
    other.at(1).fill(3);
    expect(hex(other.bytes)).toBe('00'.repeat(32) + '03'.repeat(32));
  });

  it('has a level above it, without a parent for a last one that has no sibling', () => {
    const parents = row.parents();
    expect(parents.count).toBe(2);
    expect(parents.at(0)).toEqual(naiveRoot(all.slice(0, 2)));
    expect(parents.at(1)).toEqual(naiveRoot(all.slice(2, 4)));
    expect(row.bytes).toEqual(new Uint8Array(Buffer.concat(all.slice(0, 5))));
  });

  it('has a tree, which gives each subtree that is there, and no other', () => {
    const tree = new RowTree(row);
    expect(tree.rows.map(({ count }) => count)).toEqual([5, 2, 1]);
    expect(tree.at(2, 0)).toEqual(naiveRoot(all.slice(0, 4)));
    for (const [level, index] of [[0, 5], [1, 2], [2, 1], [3, 0]] as const)
      expect(() => tree.at(level, index)).toThrow(new RangeError('tree: no such subtree')); // prettier-ignore
    expect(() => tree.frontier(6)).toThrow('tree: no such subtree');
  });

  it('gives a frontier of hashes of its own', () => {
    const changing = new HashRow(1);
    const { hashes } = new RowTree(changing).frontier(1);
    changing.at(0).fill(1);
    expect(hashes).toEqual([new Uint8Array(32)]);
  });
});
