import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { decodeByTwin, encodeByTwin } from './canonical-twin.spec.js';
import { decodeCanonical, encodeCanonical, hashCanonical } from './canonical.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '\ufeff', '\ufffd', '10', ''));
const { canonical } = fc.letrec<{ canonical: unknown }>((tie) => ({
  canonical: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }).map((value) => value + 0),
    anyText,
    fc.uint8Array(),
    fc.array(tie('canonical')),
    fc.array(fc.tuple(anyText, tie('canonical'))).map((members) => Object.fromEntries(members)),
  ),
}));

describe('deterministic CBOR is not decoded', () => {
  it.each([
    ['keys out of order', 'a2616201616102'],
    ['a longer key before a shorter', 'a262616101616202'],
    ['a key twice', 'a2616101616102'],
    ['a key that is no text', 'a10101'],
    ['an integer in more bytes than it takes', '1817'],
    ['a length in more bytes than it takes', '780161'],
    ['a float in more bytes than it takes', 'fb3ff8000000000000'],
    ['a float that is a whole number', 'f93c00'],
    ['minus zero', 'f98000'],
    ['NaN', 'f97e00'],
    ['an infinite number', 'f97c00'],
    ['an integer past 2^53 - 1', '1b0020000000000000'],
    ['undefined', 'f7'],
    ['undefined inside', '81f7'],
    ['an unassigned simple value', 'f0'],
    ['a tag', 'c11a514b67b0'],
    ['an array of indefinite length', '9f01ff'],
    ['a text of indefinite length', '7f6161ff'],
    ['a text that is no UTF-8', '61ff'],
    ['bytes after the end', '0100'],
    ['an end too early', '8201'],
    ['nothing', ''],
    ['65 levels', `${'81'.repeat(65)}01`],
  ])('with %s', (_, encoded) => {
    expect(() => decodeCanonical(fromHex(encoded))).toThrow(new Error('not deterministic CBOR'));
  });

  it.each([
    ['23 in two bytes', '1817'],
    ['255 in three bytes', '1900ff'],
    ['65,535 in five bytes', '1a0000ffff'],
    ['2^32 - 1 in nine bytes', '1b00000000ffffffff'],
    ['an integer under -(2^53 - 1)', '3b001fffffffffffff'],
    ['a text whose first byte goes on with another', '6180'],
    ['a long text without its last byte', `7818${'61'.repeat(23)}`],
    ['a long key and no value', `a17818${'61'.repeat(24)}`],
    ['half of a length', '7901'],
    ['a length of more bytes than there is one for', 'fc'],
    ['a text of a length of no width', '7c'],
  ])('with %s, at the border', (_, encoded) => {
    expect(() => decodeCanonical(fromHex(encoded))).toThrow(new Error('not deterministic CBOR'));
  });

  it('exactly where its slow twin refuses it: random bytes, and encodings with a byte changed, cut or put in', () => {
    const changed = fc
      .tuple(canonical, fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('changed', 'taken out', 'put in', 'cut off'))
      .map(([value, where, byte, how]) => {
        const bytes = [...encodeCanonical(value)];
        const at = where % bytes.length;
        if (how === 'cut off') return Uint8Array.from(bytes.slice(0, at));
        bytes.splice(at, how === 'put in' ? 0 : 1, ...(how === 'taken out' ? [] : [byte]));
        return Uint8Array.from(bytes);
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ minLength: 1, maxLength: 12 })), (bytes) =>
        expect(decodedOrNot(bytes)).toEqual(decodeByTwin(bytes)),
      ),
      { numRuns: 5_000 },
    );
  });

  it('in any of the 65,536 floats of two bytes, exactly where its slow twin refuses it', () => {
    const differing = Array.from({ length: 0x10000 }, (_, half) => Uint8Array.of(0xf9, half >> 8, half & 255)).filter(
      (bytes) => !Object.is(decodedOrNot(bytes)?.value, decodeByTwin(bytes)?.value),
    );
    expect(differing).toEqual([]);
  });

  it('as a float of four or eight bytes, exactly where its slow twin refuses it', () => {
    const floats = fc
      .tuple(fc.constantFrom(0xfa, 0xfb), fc.oneof(fc.float(), fc.double(), fc.maxSafeInteger()))
      .map(([head, value]) => {
        const view = new DataView(new ArrayBuffer(head === 0xfa ? 5 : 9));
        view.setUint8(0, head);
        if (head === 0xfa) view.setFloat32(1, value);
        else view.setFloat64(1, value);
        return new Uint8Array(view.buffer);
      });
    fc.assert(
      fc.property(floats, (bytes) => expect(decodedOrNot(bytes)).toEqual(decodeByTwin(bytes))),
      { numRuns: 2_000 },
    );
  });
});

function decodedOrNot(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    return { value: decodeCanonical(bytes) };
  } catch {
    return undefined;
  }
}

describe('deterministic CBOR is refused for', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['a member that is undefined', { secret: undefined }],
    ['a hole in an array', [, 'secret']], // eslint-disable-line no-sparse-arrays
    ['an integer past 2^53 - 1', 2 ** 53],
    ['an integer under -(2^53 - 1)', -(2 ** 53)],
    ['NaN', NaN],
    ['an infinite number', Infinity],
    ['a bigint', 1n],
    ['a lone surrogate', 'secret\ud800'],
    ['a lone surrogate in a key', { 'secret\udc00': 1 }],
    ['a map', new Map([['secret', 1]])],
    ['a date', new Date(0)],
    ['other typed arrays', Uint16Array.of(1)],
    ['a function', () => 'secret'],
  ])('%s, without a word of the value', (_, value) => {
    expect(() => encodeCanonical(value)).toThrow(TypeError);
    expect(() => encodeCanonical(value)).not.toThrow(/secret/);
  });

  it.each<[unknown, string]>([
    [undefined, 'for a value of type undefined'],
    [{ a: 1n }, 'for a value of type bigint'],
    [new Date(0), 'for an object with a prototype of its own'],
    [[NaN], 'for a number that is not finite'],
    [-Infinity, 'for a number that is not finite'],
    [2 ** 53, 'for an integer past 2^53 - 1'],
    [-1e300, 'for an integer past 2^53 - 1'],
    ['\udc00', 'for text that is not well-formed Unicode'],
    [{ '\ud800': 1 }, 'for text that is not well-formed Unicode'],
  ])('%p, and says of which kind it is', (value, kind) => {
    expect(() => encodeCanonical(value)).toThrow(new TypeError(`no deterministic CBOR ${kind}`));
  });

  it('a value, and the next one is encoded as ever', () => {
    expect(() => encodeCanonical(['a', undefined])).toThrow(TypeError);
    expect(hex(encodeCanonical(['b']))).toBe('816162');
  });

  it('65 levels of maps, and not for 64', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
    expect(() => encodeCanonical(nested(65))).toThrow(new RangeError('nested more than 64 levels deep'));
    expect(decodeCanonical(encodeCanonical(nested(64)))).toEqual(nested(64));
    const encoded = (levels: number) => fromHex(`${'a16161'.repeat(levels)}01`);
    expect(decodeCanonical(encoded(64))).toEqual(nested(64));
    expect(() => decodeCanonical(encoded(65))).toThrow('not deterministic CBOR');
  });

  it('65 levels, and not for 64', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(() => encodeCanonical(nested(65))).toThrow('nested more than 64 levels deep');
    expect(decodeCanonical(encodeCanonical(nested(64)))).toEqual(nested(64));
  });
});

describe('deterministic CBOR', () => {
  it('is, and is refused, exactly as by its slow twin', () => {
    const odd = fc.constantFrom<unknown>(undefined, Number.NaN, 2 ** 53, 'x\ud800', new Date(0), 1n, -0, Infinity);
    const perhapsOdd = fc.oneof(
      canonical,
      fc.tuple(canonical, odd).map(([value, wrong]) => ({ value, list: [wrong] })),
      fc.tuple(anyText, anyText, canonical).map(([a, b, value]) => ({ [a]: value, [b]: [value], é: 1, ab: 2 })),
      fc.nat(70_000).map((length) => ['é'.repeat(length), 'a'.repeat(length), new Uint8Array(length)]),
      fc.nat(300).map((length) => Array.from({ length }, (_, index) => 2 ** (index % 53) - (index % 3))),
    );
    const orRefused = (encode: (value: unknown) => Uint8Array, value: unknown) => {
      try {
        return hex(encode(value));
      } catch {
        return 'refused';
      }
    };
    fc.assert(
      fc.property(perhapsOdd, (value) =>
        expect(orRefused(encodeCanonical, value)).toBe(orRefused(encodeByTwin, value)),
      ),
      { numRuns: 2_000 },
    );
  });

  it('of a value whose getter encodes something else is not mixed up with it', () => {
    const value = { a: 1, get b() { return encodeCanonical({ inner: 'x'.repeat(50) }).length; }, c: 2 }; // prettier-ignore
    expect(hex(encodeCanonical(value))).toBe(hex(encodeByTwin({ a: 1, b: 59, c: 2 })));
  });

  it('comes back: decode(encode(x)) = x', () => {
    fc.assert(fc.property(canonical, (value) => expect(decodeCanonical(encodeCanonical(value))).toEqual(value)));
  });

  it('comes back at each border of length and value', () => {
    const borders = [0, 23, 24, 255, 256, 65_535, 65_536, 0x01020304, 2 ** 32 - 1, 2 ** 32, 0x0102030405060, Number.MAX_SAFE_INTEGER]; // prettier-ignore
    const texts = [0, 1, 23, 24, 25, 255, 256, 65_536].flatMap((length) => ['a'.repeat(length), `${'a'.repeat(length)}\u0080`]); // prettier-ignore
    const value = [
      borders.flatMap((one) => [one, -1 - (one === Number.MAX_SAFE_INTEGER ? one - 1 : one)]),
      texts,
      Object.fromEntries(texts.map((text) => [text, text.length])),
      [1.5, -1.5, 2 ** -24, 1.1, Math.fround(1.1), 100_000.5, null, true, false],
    ];
    expect(hex(encodeCanonical(value))).toBe(hex(encodeByTwin(value)));
    expect(decodeCanonical(encodeCanonical(value))).toEqual(value);
  });

  it('with a member named __proto__ comes back with it, a member like any other', () => {
    const back = decodeCanonical(fromHex('a1695f5f70726f746f5f5f01')) as object;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptors(back)).toEqual({
      ['__proto__']: { value: 1, enumerable: true, writable: true, configurable: true },
    });
  });

  it('does not depend on the order of keys', () => {
    expect(hex(encodeCanonical({ b: 1, aa: 2, a: 3 }))).toBe('a361610361620162616102');
    expect(encodeCanonical({ a: 3, aa: 2, b: 1 })).toEqual(encodeCanonical({ b: 1, aa: 2, a: 3 }));
  });

  it('has keys by their length in bytes, then byte by byte, whatever characters they are of', () => {
    const keys = ['zzzzz', 'é', 'zzz', '', '😀', 'aa', 'z', '€', 'az', 'éz', 'a'];
    const sorted = [...keys].sort((a, b) => Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b))); // prettier-ignore
    for (const order of [keys, [...keys].reverse(), sorted]) {
      const encoded = encodeCanonical(Object.fromEntries(order.map((key) => [key, 0])));
      expect(hex(encoded)).toBe(`ab${sorted.map((key) => `${hex(encodeCanonical(key))}00`).join('')}`);
    }
  });

  it('has a key of one character past ASCII behind those of two letters', () => {
    for (const value of [
      { aa: 0, '\u0080': 0 },
      { '\u0080': 0, aa: 0 },
    ])
      expect(hex(encodeCanonical(value))).toBe('a262616100' + '62c28000');
  });

  it.each<[unknown, string]>([
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
    [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [1.5, 'f93e00'],
    [-0, '00'],
    ['\ufeffa', '64efbbbf61'],
    [Uint8Array.of(1, 2), '420102'],
  ])('of %p is %s', (value, encoded) => {
    expect(hex(encodeCanonical(value))).toBe(encoded);
  });

  it('gives bytes back as Uint8Array that share nothing, also out of a Buffer', () => {
    const encoded = Buffer.from(encodeCanonical({ id: Buffer.of(1, 2, 3) }));
    const { id } = decodeCanonical(encoded) as { id: Uint8Array };
    encoded.fill(0);
    expect(Object.getPrototypeOf(id)).toBe(Uint8Array.prototype);
    expect([...id]).toEqual([1, 2, 3]);
  });
});

describe('the hash of a value', () => {
  it('is SHA-256 of domain, zero byte and encoding', () => {
    const expected = createHash('sha256').update('custos/scope/v1\0').update(fromHex('a1616101')).digest('hex');
    expect(hex(hashCanonical('custos/scope/v1', { a: 1 }))).toBe(expected);
  });
  it('is another in another domain', () => {
    expect(hashCanonical('a', 1)).not.toEqual(hashCanonical('b', 1));
  });
  it('is refused in a domain with a zero character, which would move the border', () => {
    expect(() => hashCanonical('a\0b', 1)).toThrow('domain of hash');
  });
  it('is refused, and says why, in any domain that could be mixed up with another', () => {
    expect(() => hashCanonical('a\0b', 1)).toThrow(new TypeError('domain of hash: holds a zero character'));
    expect(() => hashCanonical('a\ud800', 1)).toThrow(
      new TypeError('domain of hash: the text is not well-formed Unicode'),
    );
  });
  it('is in a domain what it was there before, whatever was hashed between', () => {
    const first = hashCanonical('custos/one', 1);
    expect(hashCanonical('custos/two', 1)).not.toEqual(first);
    expect(hashCanonical('custos/one', 1)).toEqual(first);
  });
});
