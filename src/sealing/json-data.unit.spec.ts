import { runInNewContext } from 'node:vm';
import { checkJsonData, isPlain, itemsLimit, nestingLimit } from './json-data.js';

const nested = (levels: number, around: (inside: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = around(value);
  return value;
};
/** Counts as many items as asked for: the array itself, and the others in it. */
const itemsIn = (count: number) => new Array<null>(count - 1).fill(null);

describe('JSON data', () => {
  it('is what JSON.parse gives, and undefined at the top alone', () => {
    const any = JSON.parse('{"a":[null,true,-0,1e308,""],"__proto__":{"b":[]}}') as unknown;
    expect(() => checkJsonData([undefined, null, false, 'text', 0.5, any, {}, []])).not.toThrow();
    expect(() => checkJsonData([])).not.toThrow();
  });

  it.each<[string, unknown]>([
    ['a number that is not finite', NaN],
    ['a number that is not finite', -Infinity],
    ['a value of type undefined', [undefined]],
    ['a value of type undefined', { a: undefined }],
    ['a value of type undefined', [, 1]], // eslint-disable-line no-sparse-arrays
    ['a value of type bigint', 1n],
    ['a value of type function', () => 1],
    ['a value of type symbol', Symbol('a')],
    ['an object with a prototype of its own', new Date(0)],
    ['an object with a prototype of its own', Uint8Array.of(1)],
    ['an object with a prototype of its own', Object.create({ a: 1 })],
  ])('is not %s', (what, value) => {
    expect(() => checkJsonData([null, value])).toThrow(new TypeError(`not JSON data: ${what}`));
  });

  it('has at most 1,200 levels of arrays and objects', () => {
    for (const around of [(inside: unknown) => [inside], (inside: unknown) => ({ inside })]) {
      expect(() => checkJsonData([nested(nestingLimit, around)])).not.toThrow();
      expect(() => checkJsonData([nested(nestingLimit + 1, around)])).toThrow(
        new RangeError('nested more than 1200 levels deep'),
      );
    }
  });

  it('has at most 2^22 keys and values, those that are absent included, in all columns together', () => {
    const tooMany = new RangeError(`more than ${2 ** 22} keys and values`);
    const half = itemsIn(itemsLimit / 2);
    expect(() => checkJsonData([half, half])).not.toThrow();
    expect(() => checkJsonData([half, half, undefined])).toThrow(tooMany);
    // Of an object its key and the value, and the object itself: three.
    expect(() => checkJsonData([itemsIn(itemsLimit - 3), { a: 1 }])).not.toThrow();
    expect(() => checkJsonData([itemsIn(itemsLimit - 2), { a: 1 }])).toThrow(tooMany);
  });
});

it('an object is plain with the prototype of any realm, or with none', () => {
  const { elsewhere, map } = runInNewContext('({ elsewhere: { a: 1 }, map: new Map() })') as Record<string, object>;
  expect([{}, Object.create(null) as object, elsewhere as object].every(isPlain)).toBe(true);
  expect([new Map(), new Date(), Object.create({}) as object, map as object].some(isPlain)).toBe(false);
});
