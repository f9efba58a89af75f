import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeEntryBundle, encodeEntryBundle, mostEntryBytes } from './entry-bundle.js';
import { leafHash } from './hash.js';
import { MerkleError, type MerkleErrorCode } from './merkle-error.js';

type Vector = { proves: string; bundle: string } & (
  { expect: MerkleErrorCode } | { expect: 'bundle'; entries: string[]; leaves: string[] }
);
const vectors = JSON.parse(
  readFileSync(resolve(process.cwd(), 'src/merkle/vectors/entry-bundles.v1.json'), 'utf8'),
) as Vector[];
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

it.each(vectors)('$expect: $proves', (vector) => {
  const decode = () => decodeEntryBundle(fromHex(vector.bundle));
  if (vector.expect !== 'bundle') return expect(decode).toThrow(new MerkleError(vector.expect));
  expect(decode().map(hex)).toEqual(vector.entries);
  expect(decode().map((entry) => hex(leafHash(entry)))).toEqual(vector.leaves);
  expect(hex(encodeEntryBundle(vector.entries.map(fromHex)))).toBe(vector.bundle);
});

describe('a bundle is not made', () => {
  it('of an entry one byte longer than two bytes can say', () => {
    const longest = encodeEntryBundle([new Uint8Array(mostEntryBytes)]);
    expect(decodeEntryBundle(longest)[0]).toHaveLength(mostEntryBytes);
    expect(() => encodeEntryBundle([new Uint8Array(mostEntryBytes + 1)])).toThrow(RangeError);
  });

  it('of none, or of more than a tile has', () => {
    expect(() => encodeEntryBundle([])).toThrow(RangeError);
    expect(() => encodeEntryBundle(Array.from({ length: 257 }, () => new Uint8Array()))).toThrow(RangeError);
  });
});

it('a bundle is read out of the middle of a buffer', () => {
  const bundle = encodeEntryBundle([Uint8Array.of(1), Uint8Array.of(2, 3)]);
  const around = Buffer.concat([Buffer.alloc(5, 9), bundle, Buffer.alloc(5, 9)]);
  expect(decodeEntryBundle(around.subarray(5, 5 + bundle.length)).map(hex)).toEqual(['01', '0203']);
});
