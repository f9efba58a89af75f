import { CanonicalBuilder } from './canonical-build.js';

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

describe('names of members that are known', () => {
  const bytes = fromHex('a3' + '6161' + '01' + '6162' + '816161' + '626363' + 'a0');
  const value = { a: 1, b: ['a'], cc: {} };

  it('are taken as they are, of keys alone, and everything after them is read as ever', () => {
    const asked: string[] = [];
    const names = {
      at: (from: Uint8Array, start: number, end: number) => {
        const name = Buffer.from(from.subarray(start, end)).toString();
        asked.push(name);
        return name === 'b' ? undefined : `${name}!`;
      },
    };
    expect(new CanonicalBuilder(bytes, 0, names).next()).toEqual({ 'a!': 1, b: ['a'], 'cc!': {} });
    expect(asked).toEqual(['a', 'b', 'cc']);
  });
  it('are none unless they are given', () => expect(new CanonicalBuilder(bytes, 0).next()).toEqual(value));
});
