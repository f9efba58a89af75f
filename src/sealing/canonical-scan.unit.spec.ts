import { argumentAt, argumentEnd, floatAt, scanItem, scanKey, scanText, scanUnsigned } from './canonical-scan.js';

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const refused = new Error('not deterministic CBOR');

describe('an unsigned integer is passed', () => {
  it.each([
    ['00', 1],
    ['17', 1],
    ['1818', 2],
    ['190100', 3],
    ['1a00010000', 5],
    ['1b0000000100000000', 9],
    ['1b001fffffffffffff', 9],
  ])('of %s, and ends after %i bytes', (hex, end) => {
    expect(scanUnsigned(fromHex(hex), 0)).toBe(end);
    expect(scanUnsigned(fromHex(`ff${hex}ff`), 1)).toBe(1 + end);
  });

  it.each([
    ['nothing', ''],
    ['a negative integer', '20'],
    ['a text', '6161'],
    ['more bytes than it takes', '1817'],
    ['less bytes than it says', '1901'],
    ['an integer past 2^53 - 1', '1b0020000000000000'],
    ['an indefinite length', '1f'],
  ])('and not %s', (_, hex) => expect(() => scanUnsigned(fromHex(hex), 0)).toThrow(refused));
});

describe('a text is passed', () => {
  it.each([0, 1, 23, 24, 255, 256])('of %i bytes', (length) => {
    const head = length < 24 ? [0x60 + length] : length < 256 ? [0x78, length] : [0x79, length >> 8, length & 255];
    const bytes = Uint8Array.of(0xff, ...head, ...new Uint8Array(length).fill(0x61), 0xff);
    expect(scanText(bytes, 1)).toBe(bytes.length - 1);
    expect(scanKey(bytes, 1, -1)).toBe(bytes.length - 1);
  });

  it.each([
    ['nothing', ''],
    ['bytes', '4161'],
    ['an integer', '01'],
    ['a byte that goes on with nothing', '6180'],
    ['less bytes than it says', '6261'],
  ])('and not %s', (_, hex) => expect(() => scanText(fromHex(hex), 0)).toThrow(refused));
});

it('a key comes after the one before it, by length and then by byte, and never twice', () => {
  const keys = (...texts: string[]) => fromHex(texts.map((text) => Buffer.from(text).toString('hex')).join(''));
  expect(scanKey(keys('aa', 'ab'), 2, 0)).toBe(4);
  expect(scanKey(keys('az', 'bab'), 2, 0)).toBe(5);
  for (const [lower, upper] of [
    ['ab', 'aa'],
    ['aa', 'aa'],
    ['baa', 'az'],
  ] as const)
    // prettier-ignore
    expect(() => scanKey(keys(lower, upper), lower.length, 0)).toThrow(refused);
});

it.each([
  ['00', 0, 1],
  ['37', 23, 1],
  ['58ff', 255, 2],
  ['990102', 0x0102, 3],
  ['1a01020304', 0x01020304, 5],
  ['1aff000000', 0xff000000, 5],
  ['1b0001020304050607', 0x01020304050607, 9],
])('the head %s says %i and takes %i bytes', (hex, argument, end) => {
  expect(argumentAt(fromHex(`ff${hex}`), 1)).toBe(argument);
  expect(argumentEnd(fromHex(`ff${hex}`), 1)).toBe(1 + end);
});

it('a head that is cut off says nothing', () => {
  for (const hex of ['18', '1901', '1a010203', '1b01020304050607'])
    expect(() => argumentAt(fromHex(hex), 0)).toThrow(refused);
  for (const hex of ['1c', '1d', '1e', '1f']) expect(() => argumentEnd(fromHex(hex), 0)).toThrow(refused);
});

it('a float of each width is read where it stands', () => {
  const read = (hex: string) => floatAt(fromHex(`ff${hex}`), 1);
  expect(['f93e00', 'f9be00', 'f90001', 'f98001', 'f90400', 'fabfc00000', 'fb3ff199999999999a'].map(read)).toEqual([
    1.5,
    -1.5,
    2 ** -24,
    -(2 ** -24),
    2 ** -14,
    -1.5,
    1.1,
  ]);
  expect(['f97c00', 'f97e00'].map(read)).toEqual([Infinity, NaN]);
});

it('levels are counted for arrays and maps alike, and what ends the levels is no item', () => {
  for (const hex of ['80', 'a0']) {
    expect(scanItem(fromHex(hex), 0, 1)).toBe(1);
    expect(() => scanItem(fromHex(hex), 0, 0)).toThrow(refused);
  }
  expect(scanItem(fromHex('818101'), 0, 2)).toBe(3);
  expect(() => scanItem(fromHex('818101'), 0, 1)).toThrow(refused);
  expect(() => scanItem(fromHex('a1616181a0'), 0, 2)).toThrow(refused);
  expect(scanItem(fromHex('01'), 0, 0)).toBe(1);
});

it('an item that is not there, or is of no kind, is refused', () => {
  for (const hex of ['', 'c001', 'dc', 'e0', 'f3', 'f7', 'f818', 'ff', '42ff', '8201', 'a16161'])
    expect(() => scanItem(fromHex(hex), 0, 9)).toThrow(refused);
});
