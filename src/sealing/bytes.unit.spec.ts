import { concatBytes, expectBytes, isWellFormed, plainBytes, utf8 } from './bytes.js';

describe('bytes that are asked for', () => {
  it('are those of exactly one length; an error names it and the length given, and no content', () => {
    expect(() => expectBytes('key', new Uint8Array(32), 32)).not.toThrow();
    for (const length of [0, 31, 33])
      expect(() => expectBytes('key', new Uint8Array(length), 32)).toThrow(
        new RangeError(`key: expected 32 bytes, got ${length}`),
      );
  });

  it('are no text and no list, even of that length', () => {
    expect(() => expectBytes('key', 'abc' as never, 3)).toThrow(new TypeError('key: expected bytes, got string'));
    expect(() => expectBytes('key', [1, 2, 3] as never, 3)).toThrow(new TypeError('key: expected bytes, got object'));
    expect(() => expectBytes('key', undefined as never, 0)).toThrow(
      new TypeError('key: expected bytes, got undefined'),
    );
  });
});

describe('the UTF-8 of a text', () => {
  it('is that of all of it', () => {
    expect(Buffer.from(utf8('name', 'é€😀')).toString('hex')).toBe('c3a9e282acf09f9880');
    expect(utf8('name', '')).toHaveLength(0);
  });

  it('is refused where UTF-8 cannot hold it, or where it is no text', () => {
    const malformed = new TypeError('name: the text is not well-formed Unicode');
    for (const text of ['\ud800', 'a\udfff', '\udc00\ud800']) expect(() => utf8('name', text)).toThrow(malformed);
    expect(() => utf8('name', 7 as never)).toThrow(new TypeError('name: expected text, got number'));
  });

  it('can be had of whole surrogate pairs, and of nothing that is half of one', () => {
    expect(['', 'a', '😀', '\ufffd'].every(isWellFormed)).toBe(true);
    expect(['\ud83d', '\ude00', 'a\ud83d', '\ude00\ud83d'].some(isWellFormed)).toBe(false);
  });
});

it('parts are put end to end in memory of their own', () => {
  const part = Uint8Array.of(1, 2);
  const joined = concatBytes(part, new Uint8Array(), Uint8Array.of(3), part);
  expect(joined).toEqual(Uint8Array.of(1, 2, 3, 1, 2));
  part.fill(9);
  expect(joined).toEqual(Uint8Array.of(1, 2, 3, 1, 2));
  expect(joined.buffer.byteLength).toBe(5);
  expect(concatBytes()).toEqual(new Uint8Array());
});

it('a view of a part of a Buffer shows that part, and is no Buffer', () => {
  const view = plainBytes(Buffer.of(1, 2, 3, 4).subarray(1, 3));
  expect(view).toEqual(Uint8Array.of(2, 3));
  expect(Object.getPrototypeOf(view)).toBe(Uint8Array.prototype);
});
