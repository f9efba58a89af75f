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

const empty = (length: number) => Array.from({ length }, () => new Uint8Array());

describe('a bundle is not made', () => {
  it('of an entry one byte longer than two bytes can say', () => {
    const longest = encodeEntryBundle([new Uint8Array(mostEntryBytes)]);
    expect(decodeEntryBundle(longest)[0]).toHaveLength(mostEntryBytes);
    const tooLong = new RangeError('entry: 65536 bytes, above 65535');
    expect(() => encodeEntryBundle([new Uint8Array(mostEntryBytes + 1)])).toThrow(tooLong);
  });

  it('of none, or of more than a tile has', () => {
    expect(() => encodeEntryBundle([])).toThrow(new RangeError('entries: not 1 to 256'));
    expect(() => encodeEntryBundle(empty(257))).toThrow(new RangeError('entries: not 1 to 256'));
    expect(decodeEntryBundle(encodeEntryBundle(empty(256)))).toHaveLength(256);
  });
});

it('a bundle that is no tile has as many entries as whoever reads and writes it allows', () => {
  const bundle = encodeEntryBundle(empty(300), 300);
  expect(decodeEntryBundle(bundle, 300)).toHaveLength(300);
  expect(() => decodeEntryBundle(bundle, 299)).toThrow('entry_bundle_malformed');
  expect(() => decodeEntryBundle(bundle)).toThrow('entry_bundle_malformed');
  expect(() => encodeEntryBundle(empty(3), 2)).toThrow('entries: not 1 to 2');
});

it('a bundle is bytes, and so are its entries', () => {
  expect(() => decodeEntryBundle('text' as never)).toThrow('bundle: not a Uint8Array');
  expect(() => encodeEntryBundle(['text' as never])).toThrow('entry: not a Uint8Array');
});

it('a bundle is read out of the middle of a buffer', () => {
  const bundle = encodeEntryBundle([Uint8Array.of(1), Uint8Array.of(2, 3)]);
  const around = Buffer.concat([Buffer.alloc(5, 9), bundle, Buffer.alloc(5, 9)]);
  expect(decodeEntryBundle(around.subarray(5, 5 + bundle.length)).map(hex)).toEqual(['01', '0203']);
});
