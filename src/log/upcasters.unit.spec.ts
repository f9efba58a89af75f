import { encodeCanonical } from '../sealing/canonical.js';
import { entrySamples } from './entry-samples.spec.js';
import { decodeHeader, encodeHeader, type Entry } from './header.js';
import { headerVersion } from './header-scan.js';
import { lifted, requireWholeChain, seemsNewer, upcasters, type OldData, type Upcasters } from './upcasters.js';

/** As if a later version had split the reason of a revocation, and one after it had counted its words. */
const chain: Readonly<Record<number, Upcasters>> = {
  1: {},
  2: { 'grant.revoked': ({ reason, ...data }) => ({ ...data, words: (reason as string).split(' ') }) },
  3: { 'grant.revoked': (data) => ({ ...data, count: (data['words'] as string[]).length }) },
};
const old: OldData = { grant: 'g', reason: 'no longer needed' };
const without = (version: number) =>
  Object.fromEntries(Object.entries(chain).filter(([from]) => from !== `${version}`));

describe('a chain of steps is refused', () => {
  it.each([
    ['without its first step', without(1), 1],
    ['with a gap', without(2), 2],
    ['without its last step', without(3), 3],
    ['with a step from the version that is written now', { ...chain, 4: {} }, 4],
    ['with a step from before the first version', { ...chain, 0: {} }, 0],
    ['with a step from between two versions', { ...chain, 1.5: {} }, 1.5],
  ])('%s', (_what, broken, version) => {
    const missing = expect.objectContaining({ code: 'upcaster_missing', members: { version } }) as Error;
    expect(() => requireWholeChain(broken, 4)).toThrow(missing);
    expect(() => requireWholeChain(chain, 4)).not.toThrow();
  });

  it('where it is walked, too, by whoever did not ask before', () => {
    const missing = expect.objectContaining({ code: 'upcaster_missing', members: { version: 2 } }) as Error;
    expect(() => lifted({ type: 'lock.set', data: old, version: 1 }, without(2), 4)).toThrow(missing);
    expect(lifted({ type: 'lock.set', data: old, version: 3 }, without(2), 4)).toEqual(old);
  });
});

describe('data is lifted', () => {
  it.each([
    [1, { grant: 'g', words: ['no', 'longer', 'needed'], count: 3 }],
    [2, { grant: 'g', words: ['no', 'longer', 'needed'], count: 3 }],
  ])('from version %i through every step that is left, in order', (version, now) => {
    expect(lifted({ type: 'grant.revoked', data: old, version }, chain, 4)).toEqual(now);
  });

  it('by the steps of its own type only, and not at all if it is of today', () => {
    expect(lifted({ type: 'request.rejected', data: old, version: 1 }, chain, 4)).toBe(old);
    expect(lifted({ type: 'grant.revoked', data: old, version: 4 }, chain, 4)).toBe(old);
  });
});

it('the chain of this program is whole', () => {
  expect(() => requireWholeChain()).not.toThrow();
  expect(() => requireWholeChain(upcasters, headerVersion + 1)).toThrow('upcaster_missing');
});

describe('a header that cannot be read', () => {
  const entry = (type: string) =>
    ({
      ...{ position: 7, id: new Uint8Array(16), stream: 'grant/g', version: 1, type, at: 1, actor: 'ada' },
      ...{ data: entrySamples['grant.revoked'], columns: [] },
    }) as unknown as Entry;
  const ofVersion = (v: number) => encodeCanonical({ v, ...entry('grant.revoked') });
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

  it.each([
    ['of the next version', ofVersion(headerVersion + 1)],
    ['of a version far ahead', ofVersion(400)],
    ['of a type that is not known', encodeHeader(entry('grant.renamed'))],
  ])('seems newer if it is %s', (_what, header) => {
    expect(() => decodeHeader(header)).toThrow();
    expect(seemsNewer(header)).toBe(true);
  });

  it.each([
    ['is of version 0, which none ever was', ofVersion(0)],
    ['is of a known version and ends early', ofVersion(headerVersion).slice(0, -1)],
    ['is no map', Uint8Array.from([0x01, ...ofVersion(headerVersion + 1).slice(1)])],
    ['begins with another member', bytes('\xaa\x61u\x03')],
    ['is nothing at all', new Uint8Array()],
  ])('does not if it %s', (_what, header) => {
    expect(() => decodeHeader(header)).toThrow();
    expect(seemsNewer(header)).toBe(false);
  });
});
