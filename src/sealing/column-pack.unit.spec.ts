import { isDeepStrictEqual } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { encode } from 'cborg';
import fc from 'fast-check';
import { columnBytesLimit, packColumn, type ColumnValue } from './column-pack.js';
import { unpackColumn } from './column-unpack.js';
import { itemsLimit, nestingLimit } from './json-data.js';
import { decodeColumnByTwin, encodeColumnByTwin } from './column-twin.spec.js';
import { ColumnReader } from './column-read.js';
import { ColumnWriter } from './column-write.js';
import { pad } from './padme.js';

/** Any sequence of UTF-16 code units, as JSON.parse gives for "\ud800". */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '\ufeff', '\ufeffmark', '\ufffd', '\ud800', 'a\udfff', '\udc00\ud800', 'é'.repeat(300)),
);
const anyKey = fc.oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '10', '9', '-1'));
const anyNumber = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(
    -0,
    0,
    1e308,
    5e-324,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 53),
    2 ** 64,
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 32,
  ),
);
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    anyNumber,
    anyText,
    fc.array(tie('json')),
    fc.array(fc.tuple(anyKey, tie('json'))).map((members) => Object.fromEntries(members)),
  ),
}));
const columns = fc.array(fc.oneof(json, fc.jsonValue(), fc.constant(undefined))) as fc.Arbitrary<ColumnValue[]>;

const roundTrip = (...values: unknown[]) => unpackColumn(packColumn(values as ColumnValue[]));
const nested = (levels: number): unknown =>
  levels === 0 ? 1 : levels % 2 ? [nested(levels - 1)] : { in: nested(levels - 1) };

describe('a column is refused', () => {
  it.each<[string, unknown]>([
    ['undefined inside of a value', { secret: undefined }],
    ['a hole in an array', [, 'secret']], // eslint-disable-line no-sparse-arrays
    ['NaN', NaN],
    ['an infinite number', -Infinity],
    ['a bigint', 1n],
    ['bytes', Uint8Array.of(1)],
    ['a date', new Date(0)],
    ['a map', new Map([['secret', 1]])],
    ['a function', () => 'secret'],
    ['a symbol', Symbol('secret')],
  ])('if it holds %s, by an error that does not say what', (_, value) => {
    expect(() => roundTrip(value)).toThrow(TypeError);
    expect(() => roundTrip(value)).toThrow(/^not JSON data: [a-z ]+$/);
  });

  it('one level past the nesting limit, also for a value that contains itself', () => {
    const endless: unknown[] = [];
    endless.push(endless);
    for (const tooDeep of [nested(nestingLimit + 1), endless]) {
      expect(() => roundTrip(tooDeep)).toThrow(`nested more than ${nestingLimit} levels deep`);
    }
    expect(roundTrip(nested(nestingLimit))).toEqual([nested(nestingLimit)]);
  });

  it('one item past the limit of items', () => {
    const nulls = (length: number) => new Array<null>(length).fill(null);
    expect(() => packColumn(nulls(itemsLimit + 1))).toThrow(`more than ${itemsLimit} keys and values`);
    expect(unpackColumn(packColumn(nulls(itemsLimit)))).toHaveLength(itemsLimit);
  });

  it('one byte past the limit of bytes', () => {
    const head = encode(['a'.repeat(70_000)]).length - 70_000;
    const text = 'a'.repeat(columnBytesLimit - head);
    expect(() => packColumn([`${text}a`])).toThrow(
      `at most ${columnBytesLimit} bytes of CBOR, got ${columnBytesLimit + 1}`,
    );
    expect(unpackColumn(packColumn([text]))).toEqual([text]);
  });
});

describe('what someone else packed does not open', () => {
  const packed = (cbor: Uint8Array | string) =>
    pad(deflateRawSync(typeof cbor === 'string' ? Buffer.from(cbor, 'hex') : cbor));

  it.each([
    ['an integer past 2^53', '811b0020000000000000'],
    ['an integer in more bytes than it takes', '811801'],
    ['an array of indefinite length', '9f01ff'],
    ['NaN', '81f97e00'],
    ['an infinite number', '81f97c00'],
    ['bytes', '8141ff'],
    ['undefined inside of a value', '8181f7'],
    ['a key twice', '81a2616101616102'],
    ['a key that is no text', '81a10101'],
    ['an unknown tag', '81c100'],
    ['code units of a text that UTF-8 holds', '81d845426100'],
    ['half a code unit', '81d84543000061'],
    ['half a code unit behind a lone surrogate', '81d8454300d861'],
    ['code units in an array', '81d845820018d8'],
    ['code units that are no bytes', '81d84561d8'],
    ['a text that is no UTF-8', '8161ff'],
    ['a surrogate in UTF-8', '8163eda080'],
    ['no array', 'a0'],
    ['a text in place of the array, which is as many characters', '6161'],
    ['an array with an item missing', '8201'],
    ['an array of 2^53 items', '9b001fffffffffffff'],
    ['an item too many', '8000'],
    ['nothing', ''],
  ])('%s', (_, hex) => {
    expect(unpackColumn(packed(hex))).toBeUndefined();
  });

  it('one level past the nesting limit, and without end', () => {
    for (const levels of [nestingLimit + 1, 1_000_000]) {
      const cbor = Buffer.concat([Buffer.alloc(levels + 1, 0x81), Buffer.of(1)]);
      expect(unpackColumn(packed(cbor))).toBeUndefined();
    }
  });

  it('64 KB that inflate to one byte past the limit', () => {
    const textOf = (cborBytes: number) => {
      const cbor = new Uint8Array(cborBytes).fill(0x61);
      cbor.set([0x81, 0x7a]);
      new DataView(cbor.buffer).setUint32(2, cborBytes - 6);
      return packed(cbor);
    };
    expect(unpackColumn(textOf(columnBytesLimit))).toHaveLength(1);
    expect(unpackColumn(textOf(columnBytesLimit + 1))).toBeUndefined();
  });

  it('a deflate stream that is cut short, or followed by anything', () => {
    const deflated = deflateRawSync(encode(['typed']));
    expect(unpackColumn(pad(deflated))).toEqual(['typed']);
    expect(unpackColumn(pad(deflated.subarray(0, -1)))).toBeUndefined();
    expect(unpackColumn(pad(Buffer.concat([deflated, Buffer.of(7)])))).toBeUndefined();
  });
});

describe('a column is lossless', () => {
  it('for any JSON data: unpack(pack(x)) = x, in the order of its keys', () => {
    fc.assert(
      fc.property(columns, (values) => {
        const back = unpackColumn(packColumn(values));
        expect(isDeepStrictEqual(back, values)).toBe(true);
        expect(JSON.stringify(back)).toBe(JSON.stringify(values));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    '-0',
    '1e308',
    '9007199254740993',
    '123456789012345678901234567890',
    '"\\ud800"',
    '{"\\udfff":1,"\\ud800":2}',
    '"\\ufeffmark"',
    '{"\\ufeff":1}',
    '{"b":1,"a":2,"aa":3,"":4}',
    '{"__proto__":{"polluted":true},"constructor":{"prototype":null}}',
    '[[],{},"",[[]]]',
  ])('for %s', (text) => {
    const value: unknown = JSON.parse(text);
    const [back] = roundTrip(value)!;
    expect(isDeepStrictEqual(back, value)).toBe(true);
    expect(Object.keys((back ?? {}) as object)).toEqual(Object.keys((value ?? {}) as object));
  });

  it('without touching a prototype', () => {
    const [back] = roundTrip(JSON.parse('{"__proto__":{"polluted":true}}'))!;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.keys(back as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('for records that lack the field, first, last and all', () => {
    expect(roundTrip(undefined, null, undefined)).toEqual([undefined, null, undefined]);
    expect(roundTrip(undefined)).toEqual([undefined]);
    expect(roundTrip()).toEqual([]);
  });
});

describe('the writer of columns gives the bytes of a general encoder', () => {
  const writer = new ColumnWriter();
  const same = (values: ColumnValue[]) =>
    expect(Buffer.from(writer.encode(values)).toString('hex')).toBe(
      Buffer.from(encodeColumnByTwin(values)).toString('hex'),
    );

  it('for any JSON data', () => fc.assert(fc.property(columns, (values) => same(values))));

  it('for every float that is short, and its neighbours', () => {
    const halves = Array.from({ length: 0x400 }, (_, index) => index * 2 ** -24);
    const edges = Array.from({ length: 300 }, (_, index) => 2 ** (index - 160));
    const near = (one: number) => [one, one * 1.5, one * (1 + 2 ** -10), one * (1 + 2 ** -11), Math.fround(one * 1.1)];
    const all = [...halves, ...edges].flatMap(near).flatMap((one) => [one, -one, one * 1.1]);
    same(all.filter(Number.isFinite));
  });

  it('for texts around each length of a head', () => {
    same([23, 24, 255, 256, 65_535, 65_536].flatMap((length) => ['a'.repeat(length), 'é'.repeat(length), `${'a'.repeat(length)}\ud800`])); // prettier-ignore
  });
});

describe('the reader of columns gives what a general decoder gives, and refuses what it refuses', () => {
  const read = (encoded: Uint8Array): ColumnValue[] | undefined => {
    try {
      return new ColumnReader(encoded).values();
    } catch {
      return undefined;
    }
  };
  const same = (encoded: Uint8Array) => {
    const [ours, twin] = [read(encoded), decodeColumnByTwin(encoded)];
    expect(isDeepStrictEqual(ours, twin)).toBe(true);
    expect(JSON.stringify(ours)).toBe(JSON.stringify(twin));
    return ours !== undefined;
  };

  it('for any JSON data, whole, cut short, and with a byte changed', () => {
    const told = { opened: 0, refused: 0 };
    const damage = fc.record({ at: fc.nat(), by: fc.integer({ min: 1, max: 255 }), cut: fc.nat() });
    fc.assert(
      fc.property(columns, fc.array(damage, { maxLength: 20 }), (values, damages) => {
        const encoded = encodeColumnByTwin(values);
        expect(same(encoded)).toBe(true);
        for (const { at, by, cut } of damages) {
          const changed = encoded.slice();
          changed[at % encoded.length]! ^= by;
          told[same(changed) ? 'opened' : 'refused'] += 1;
          same(encoded.subarray(0, cut % encoded.length));
        }
      }),
      { numRuns: 500 },
    );
    // Some damage makes another value, and most makes none: both were met.
    expect(Math.min(told.opened, told.refused)).toBeGreaterThan(100);
  });

  it('for every initial byte, alone and with any argument, in each place that an item can have', () => {
    const rest = ['', '00', '0000', '17', '18', 'ff', '0100', '7e00', '00000000', '0000000000000000', '001fffffffffffff', '001ffffffffffffe', 'd843d800', '61', '616100']; // prettier-ignore
    const places = ['', '81', '8181', '81a16161', '81a1', '81d8', '81d845', '82', '81a2616101'];
    let opened = 0;
    for (let initial = 0; initial < 256; initial += 1) {
      for (const [place, behind] of places.flatMap((one) => rest.map((other) => [one, other] as const))) {
        const encoded = Buffer.concat([Buffer.from(place, 'hex'), Buffer.of(initial), Buffer.from(behind, 'hex')]);
        if (same(new Uint8Array(encoded))) opened += 1;
      }
    }
    expect(opened).toBeGreaterThan(100);
  });
});
