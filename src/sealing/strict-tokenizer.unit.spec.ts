import { decode } from 'cborg';
import { StrictTokenizer, strictDecoding } from './strict-tokenizer.spec.js';

/** As many tokens as come before the tokenizer throws or the bytes end. */
function tokensOf(hex: string, bounds: { levels: number; items: number }): number {
  const tokenizer = new StrictTokenizer(Buffer.from(hex, 'hex'), bounds);
  let count = 0;
  for (; !tokenizer.done(); count += 1) tokenizer.next();
  return count;
}
const decoded = (hex: string): unknown => {
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'));
  return decode(bytes, { ...strictDecoding, tokenizer: new StrictTokenizer(bytes, { levels: 9, items: 99 }) });
};

describe('the tokenizer stops before memory or stack do', () => {
  it.each([
    ['arrays', '818101'],
    ['maps', 'a16161a1616101'],
    ['tags', 'c1c101'],
    ['an array in a map in a tag', 'c1a1616180'],
    ['an array in the last value of a map', 'a261610161628101'],
  ])('at the first level too many, of %s', (_, hex) => {
    expect(tokensOf(hex, { levels: 2, items: 99 })).toBeGreaterThan(0);
    expect(() => tokensOf(hex, { levels: 1, items: 99 })).toThrow('CBOR: more than 1 levels');
  });

  it('at the first item too many, keys included', () => {
    expect(tokensOf('a161618102', { levels: 9, items: 4 })).toBe(4);
    expect(() => tokensOf('a161618102', { levels: 9, items: 3 })).toThrow('CBOR: more than 3 items');
  });

  it('and not for many containers side by side, or after one that ended', () => {
    expect(tokensOf('8480808101a1616101810282810380', { levels: 2, items: 99 })).toBe(14);
  });
});

describe('what is decoded has one form, and is data of JSON', () => {
  it.each([
    ['an integer in more bytes than it takes', '1817'],
    ['an integer past 2^53 - 1', '1b0020000000000000'],
    ['an array of indefinite length', '9f01ff'],
    ['a text of indefinite length', '7f6161ff'],
    ['NaN', 'f97e00'],
    ['an infinite number', 'f97c00'],
    ['a key twice', 'a2616101616102'],
  ])('so that %s is refused', (_, hex) => expect(() => decoded(hex)).toThrow());
});

describe('text is what was written', () => {
  it.each([
    ['61ff', 'a byte that is no UTF-8'],
    ['63eda080', 'a surrogate'],
    ['62c080', 'more bytes than the character takes'],
    ['64f4908080', 'a character past U+10FFFF'],
    ['61c3', 'half a character'],
  ])('%s is refused: %s', (hex) => {
    expect(() => decoded(hex)).toThrow();
  });

  it.each([
    ['63efbbbf', '\ufeff'],
    ['66efbbbfefbbbf', '\ufeff\ufeff'],
    ['63efbfbd', '\ufffd'],
    ['63ef8080', '\uf000'],
    [`781e${'efbbbf'.repeat(10)}`, '\ufeff'.repeat(10)],
    [`79012c${'efbbbf'.repeat(100)}`, '\ufeff'.repeat(100)],
  ])('%s is kept', (hex, text) => {
    expect(decoded(hex)).toBe(text);
    expect(Buffer.from(text).toString('hex')).toBe(hex.replace(/^(78..|79....|..)/, ''));
  });
});
