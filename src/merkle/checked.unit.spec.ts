import { checkBytes, checkCount, equalBytes, isBytes, isCount } from './checked.js';
import { MerkleError, merkleErrors, type MerkleErrorCode } from './merkle-error.js';

describe('bytes', () => {
  it('are refused at any other length than the one asked for, by its name and the lengths', () => {
    expect(() => checkBytes('root', new Uint8Array(32), 32)).not.toThrow();
    expect(() => checkBytes('root', new Uint8Array(), 0)).not.toThrow();
    for (const length of [0, 31, 33])
      expect(() => checkBytes('root', new Uint8Array(length), 32)).toThrow(
        new RangeError(`root: ${length} bytes, not 32`),
      );
  });

  it('are of any length where none is asked for, and nothing else is bytes', () => {
    for (const length of [0, 1, 1_000]) expect(() => checkBytes('data', new Uint8Array(length))).not.toThrow();
    for (const other of ['text', [1], undefined, Uint16Array.of(1)])
      expect(() => checkBytes('data', other as never)).toThrow(new TypeError('data: not a Uint8Array'));
  });

  it('are known by type and length', () => {
    expect(isBytes(new Uint8Array(32), 32)).toBe(true);
    expect([new Uint8Array(31), 'x'.repeat(32), undefined, { length: 32 }].some((one) => isBytes(one, 32))).toBe(false);
  });

  it('are equal byte for byte; of two lengths they are not, and nothing throws', () => {
    const [a, b] = [Uint8Array.of(1, 2), Uint8Array.of(1, 3)];
    expect([equalBytes(a, a.slice()), equalBytes(new Uint8Array(), new Uint8Array())]).toEqual([true, true]);
    expect([equalBytes(a, b), equalBytes(a, a.subarray(1)), equalBytes(a, Uint8Array.of(1, 2, 0))]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('a count', () => {
  it('is a whole number from 0 to 2^53 - 1', () => {
    expect([0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER].every(isCount)).toBe(true);
    expect([-1, 0.5, NaN, Infinity, 2 ** 53, '1', undefined, 1n].some(isCount)).toBe(false);
  });

  it('is refused past the most there may be, which the error says', () => {
    expect(() => checkCount('level', 63, 63)).not.toThrow();
    expect(() => checkCount('level', 0, 0)).not.toThrow();
    expect(() => checkCount('level', 64, 63)).toThrow(new RangeError('level: not an integer from 0 to 63'));
    expect(() => checkCount('level', -1, 63)).toThrow(new RangeError('level: not an integer from 0 to 63'));
    expect(() => checkCount('size', Number.MAX_SAFE_INTEGER)).not.toThrow();
    expect(() => checkCount('size', 2 ** 53)).toThrow('size: not an integer from 0 to 9007199254740991');
  });
});

it('an error has its code, and a sentence that no other has', () => {
  const codes = Object.keys(merkleErrors) as MerkleErrorCode[];
  for (const code of codes) {
    const error = new MerkleError(code);
    expect([error.name, error.code]).toEqual(['MerkleError', code]);
    expect(error.message).toBe(`${code}: ${merkleErrors[code]}`);
    expect(merkleErrors[code]).toMatch(/^[a-z].{9,}$/);
  }
  expect(new Set(Object.values(merkleErrors)).size).toBe(codes.length);
});
