import fc from 'fast-check';
import { isSealedColumn, sealColumn, type ColumnBinding, type ColumnValue } from './column.js';
import { openColumn } from './open-column.js';
import { Secret } from './secret.js';
import { columnKey } from './session-key.js';
import { sodiumReady } from './sodium.js';

beforeAll(sodiumReady);

const sessionKey = new Secret(new Uint8Array(32).fill(9));
const values: ColumnValue[] = ['correct horse', undefined, { key: 'Enter' }];
const binding = (differs: Partial<ColumnBinding> = {}): ColumnBinding => ({
  origin: 'custos.example/log',
  session: 'ses_1',
  entry: new Uint8Array(16).fill(5),
  field: 'typed',
  count: values.length,
  catalogue: 1,
  ...differs,
});
const key = () => columnKey(sessionKey, 'typed');
const tampered = { kind: 'tampered' };

describe('a sealed column is answered as tampered', () => {
  it('when any one bit of it is flipped', () => {
    const sealed = sealColumn(key(), binding(), values);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = sealed.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(openColumn(key(), binding(), flipped)).toEqual(tampered);
    }
  });

  it('at every shorter length, and with a byte more', () => {
    const sealed = sealColumn(key(), binding(), values);
    for (const length of sealed.keys()) {
      expect(openColumn(key(), binding(), sealed.subarray(0, length))).toEqual(tampered);
    }
    expect(openColumn(key(), binding(), Uint8Array.of(...sealed, 0))).toEqual(tampered);
  });

  it.each<[string, Partial<ColumnBinding>]>([
    ['another log', { origin: 'custos.example/log2' }],
    ['another session', { session: 'ses_2' }],
    ['another entry', { entry: new Uint8Array(16).fill(6) }],
    ['another field', { field: 'url' }],
    ['another count', { count: values.length + 1 }],
    ['another version of the catalogue', { catalogue: 2 }],
    ['the version before the first', { catalogue: 0 }],
    ['the same characters, cut elsewhere', { origin: 'custos.example/logs', session: 'es_1' }],
  ])('in the place of %s', (_, elsewhere) => {
    expect(openColumn(key(), binding(elsewhere), sealColumn(key(), binding(), values))).toEqual(tampered);
  });

  it('under the key of another field of the same session', () => {
    const sealed = sealColumn(columnKey(sessionKey, 'url'), binding(), values);
    expect(openColumn(key(), binding(), sealed)).toEqual(tampered);
  });

  it('under the key of another session', () => {
    const other = columnKey(new Secret(new Uint8Array(32)), 'typed');
    expect(openColumn(other, binding(), sealColumn(key(), binding(), values))).toEqual(tampered);
  });

  it('under its own session key, used without derivation', () => {
    expect(openColumn(sessionKey, binding(), sealColumn(key(), binding(), values))).toEqual(tampered);
  });
});

describe('a column is not sealed', () => {
  it.each([2, 4])('for %i records if it has three values', (count) => {
    expect(() => sealColumn(key(), binding({ count }), values)).toThrow(`expected ${count}, got 3`);
  });
  it('for an entry id that is not 16 bytes', () => {
    expect(() => sealColumn(key(), binding({ entry: new Uint8Array(15) }), values)).toThrow(
      'entry id: expected 16 bytes, got 15',
    );
  });
  it.each<[string, Partial<ColumnBinding>, string]>([
    ['in half a catalogue', { catalogue: 1.5 }, 'catalogue version: expected a whole number from 0'],
    ['in a catalogue before the first', { catalogue: -1 }, 'catalogue version: expected a whole number from 0'],
    ['for no whole count', { count: NaN }, 'expected NaN, got 3'],
  ])('%s', (_what, differs, message) => {
    expect(() => sealColumn(key(), binding(differs), values)).toThrow(message);
  });
  it('nor opened for less than no record: that is a mistake of ours, and no tampering', () => {
    const sealed = sealColumn(key(), binding(), values);
    for (const count of [-1, 2.5])
      expect(() => openColumn(key(), binding({ count }), sealed)).toThrow(
        new RangeError('count: expected a whole number from 0'),
      );
  });
  it('for a field name that another name would share a key with', () => {
    expect(() => columnKey(sessionKey, '\ud800')).toThrow('not well-formed');
  });
  it('under a wiped key', () => {
    const wiped = key();
    wiped.wipe();
    expect(() => sealColumn(wiped, binding(), values)).toThrow('the secret was wiped');
  });
});

describe('a sealed column', () => {
  it('opens to the values that were sealed', () => {
    expect(openColumn(key(), binding(), sealColumn(key(), binding(), values))).toEqual({ kind: 'opened', values });
  });

  it('opens from a Buffer, and with members in the binding that are none of its own', () => {
    const sealed = Buffer.from(sealColumn(key(), { ...binding(), more: 1 } as ColumnBinding, values));
    expect(openColumn(key(), binding({ entry: Buffer.alloc(16, 5) }), sealed)).toEqual({ kind: 'opened', values });
  });

  it('is other bytes each time, and holds no plaintext', () => {
    const [first, second] = [1, 2].map(() => Buffer.from(sealColumn(key(), binding(), values)));
    expect(first!.equals(second!)).toBe(false);
    expect(first!.includes('horse')).toBe(false);
  });

  it('has a form, which tells it from everything else without a key', () => {
    const sealed = sealColumn(key(), binding(), values);
    expect(isSealedColumn(sealed)).toBe(true);
    expect(isSealedColumn(sealed.with(0, 2))).toBe(false);
    expect(isSealedColumn(sealed.subarray(0, -1))).toBe(false);
    expect(isSealedColumn(new Uint8Array())).toBe(false);
  });

  it('is of one length for all short contents', () => {
    const lengths = [['a'], ['Enter'], [undefined], ['a sentence of some words']].map(
      (short) => sealColumn(key(), binding({ count: 1 }), short).length,
    );
    expect(new Set(lengths)).toEqual(new Set([1 + 24 + 64 + 16]));
  });

  it('opens to what was sealed, whatever it was', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (any) => {
        const bound = binding({ count: any.length });
        const sealed = sealColumn(key(), bound, any as ColumnValue[]);
        expect(openColumn(key(), bound, sealed)).toEqual({ kind: 'opened', values: any });
      }),
    );
  });
});
