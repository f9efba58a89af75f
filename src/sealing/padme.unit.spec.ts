import fc from 'fast-check';
import { isPaddedLength, pad, padmeLength, smallestPaddedBytes, unpad } from './padme.js';

const bytes = fc.uint8Array({ maxLength: 5_000 });

describe('unpad refuses', () => {
  const padded = pad(new Uint8Array(100).fill(7));

  it.each([
    ['nothing', new Uint8Array(0)],
    ['zeros without a mark', new Uint8Array(smallestPaddedBytes)],
    ['another mark', padded.map((byte, index) => (index === 100 ? 0x81 : byte))],
    ['anything but zeros after the mark', padded.map((byte, index) => (index === 101 ? 1 : byte))],
    ['one zero too many', Uint8Array.of(...padded, 0)],
    ['one zero too few', padded.subarray(0, -1)],
    ['a length under the smallest', Uint8Array.of(1, 0x80)],
  ])('%s', (_, broken) => {
    expect(unpad(broken)).toBeUndefined();
  });

  it('all but what pad gives', () => {
    fc.assert(
      fc.property(bytes, (candidate) => {
        const data = unpad(candidate);
        if (data !== undefined) expect(pad(data)).toEqual(candidate);
      }),
    );
  });
});

describe('padding', () => {
  it('comes off again: unpad(pad(x)) = x, whatever x ends in', () => {
    const tails = fc.constantFrom([], [0x80], [0x80, 0], [0, 0], [0x80, 0x80]);
    fc.assert(
      fc.property(bytes, tails, (head, tail) => {
        const data = Uint8Array.of(...head, ...tail);
        expect(unpad(pad(data))).toEqual(data);
      }),
    );
  });

  it('makes a key press and a sentence the same length, and one byte more is the next length', () => {
    const longest = smallestPaddedBytes - 1;
    expect([0, 1, longest, longest + 1].map((length) => pad(new Uint8Array(length)).length)).toEqual([64, 64, 64, 72]);
  });

  it('is at most 12% where it is Padmé alone, as the paper promises', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (length) => {
        expect(padmeLength(length)).toBeGreaterThanOrEqual(length);
        expect(padmeLength(length)).toBeLessThanOrEqual(length * 1.12);
      }),
    );
  });
});

describe('a length', () => {
  it('is a padded one exactly if padding gives it', () => {
    const given = new Set(Array.from({ length: 1_000 }, (_, bytes) => pad(new Uint8Array(bytes)).length));
    for (let length = 0; length < 1_000; length += 1) expect(isPaddedLength(length)).toBe(given.has(length));
  });
});

describe('Padmé', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [8, 8],
    [9, 10],
    [16, 16],
    [17, 18],
    [64, 64],
    [65, 72],
    [128, 128],
    [129, 144],
    [1_000, 1_024],
    [1_000_000, 1_015_808],
    [2 ** 31, 2 ** 31],
  ])('of %i is %i', (length, padded) => {
    expect(padmeLength(length)).toBe(padded);
  });

  it.each([-1, 1.5, NaN, 2 ** 31 + 1])('of %d is refused', (length) => {
    expect(() => padmeLength(length)).toThrow(new RangeError(`length to pad: expected 0 to 2147483648, got ${length}`));
  });

  it('keeps as many low bits zero as its formula says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 30 }), (length) => {
        const exponent = Math.floor(Math.log2(length));
        const zeroBits = exponent - (Math.floor(Math.log2(exponent)) + 1);
        const mask = (1n << BigInt(zeroBits)) - 1n;
        expect(BigInt(padmeLength(length))).toBe((BigInt(length) + mask) & ~mask);
      }),
    );
  });
});
