import { leafHash } from '../merkle/hash.js';
import { encodeCanonical } from '../sealing/canonical.js';
import type { EntryType } from './entries.js';
import { encodeHeader, type Entry } from './header.js';
import { replayPage } from './replay-page.js';

const entry = (position: number, type = 'session.opened'): Entry =>
  ({
    position,
    id: new Uint8Array(16).fill(position),
    stream: 'session/s1',
    version: position,
    type,
    at: 1_780_000_000_000,
    actor: 'source',
    subject: 's1',
    data: { session: 's1', format: 'rrweb' },
    columns: [],
  }) as unknown as Entry;

interface Row {
  readonly position: number;
  readonly leaf: Uint8Array;
  readonly header: Uint8Array;
}
/** Whoever writes a row that is wrong gives it the right leaf: only what the header is can tell. */
const row = (position: number, header: Uint8Array): Row => ({ position, leaf: leafHash(header), header });
const sound = [0, 1, 2].map((position) => row(position, encodeHeader(entry(position))));

/** As COPY sends them in binary form. */
function copied(rows: readonly Row[]): Uint8Array {
  const sized = (bytes: Uint8Array) => [...number(4, bytes.length), ...bytes];
  const number = (bytes: number, value: number) => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, Math.max(bytes - 6, 0), Math.min(bytes, 6));
    return [...buffer];
  };
  const all = rows.flatMap(({ position, leaf, header }) => [
    ...number(2, 3),
    ...sized(Uint8Array.from(number(8, position))),
    ...sized(leaf),
    ...sized(header),
  ]);
  return Uint8Array.from([...new Uint8Array(19), ...all, ...number(2, -1)]);
}
const replayed = (rows: readonly Row[], shown: ReadonlySet<EntryType> = new Set()) =>
  replayPage({ from: 0, to: 3, rows: copied(rows), shown });
const withSecond = (second: Row) => replayed([sound[0] as Row, second, sound[2] as Row]);

const clear = { v: 2, ...entry(1) };
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('a page is broken at a header that nothing is decided on,', () => {
  it.each<[string, Uint8Array]>([
    ['if it is one of another place', encodeHeader(entry(0))],
    ['if its type is none that there is', encodeHeader(entry(1, 'session.closed'))],
    [
      'if it has one more member, which another reader might take for its type',
      encodeCanonical({ ...clear, typf: 'lock.set' }),
    ],
    ['if it is one of another version', encodeCanonical({ ...clear, v: 3 })],
    ['if a byte follows it', Uint8Array.from([...encodeHeader(entry(1)), 0])],
    [
      'if a length in it is not written in the shortest form',
      Buffer.from(latin1(encodeHeader(entry(1))).replace('\x66source', '\x78\x06source'), 'latin1'),
    ],
    [
      'if its data is not canonical, which it does not read',
      Buffer.from(latin1(encodeHeader(entry(1))).replace('\x65rrweb', '\x78\x05rrweb'), 'latin1'),
    ],
  ])('%s', (_, header) => {
    expect(withSecond(row(1, encodeHeader(entry(1)))).broken).toBeUndefined();
    expect(withSecond(row(1, header)).broken).toBe(1);
  });

  it.each([
    ['of another version', encodeCanonical({ ...clear, v: 3 })],
    ['of a type that there is not', encodeHeader(entry(1, 'session.closed'))],
  ])('and may be newer than this program if it is one %s, and its leaf is beside it', (_what, header) => {
    expect(withSecond(row(1, header))).toMatchObject({ broken: 1, newer: true });
    expect(withSecond({ ...row(1, header), leaf: new Uint8Array(32) })).toMatchObject({ broken: 1, newer: false });
    expect(withSecond(row(1, encodeHeader(entry(0))))).toMatchObject({ broken: 1, newer: false });
  });

  it('if its leaf is not the one beside it, or not a whole one', () => {
    const header = encodeHeader(entry(1));
    const leaf = leafHash(header);
    expect(
      withSecond({ position: 1, leaf: leaf.map((byte, index) => byte ^ (index === 31 ? 1 : 0)), header }).broken,
    ).toBe(1);
    expect(withSecond({ position: 1, leaf: leaf.slice(0, 31), header }).broken).toBe(1);
  });

  it('if it stands in the row of another, and at its end if rows are missing', () => {
    expect(withSecond({ ...(sound[1] as Row), position: 2 }).broken).toBe(1);
    expect(replayed(sound.slice(0, 2)).broken).toBe(2);
  });
});

describe('a page', () => {
  it('gives back what governs, whole, and nothing else', () => {
    const governing = encodeHeader(entry(1, 'consent.changed'));
    expect(withSecond(row(1, governing)).headers).toEqual([{ position: 1, header: governing }]);
    expect(replayed(sound).headers).toEqual([]);
  });

  it('gives back types that are to be shown as well, in their places', () => {
    const [first, , third] = sound as [Row, Row, Row];
    const rows = [first, row(1, encodeHeader(entry(1, 'consent.changed'))), third];
    const positions = (...shown: EntryType[]) => replayed(rows, new Set(shown)).headers.map(({ position }) => position);
    expect(positions('session.opened')).toEqual([0, 1, 2]);
    expect(positions('session.batch')).toEqual([1]);
  });

  it('is left as it was read, so that whoever has it can look again', () => {
    const rows = copied(sound);
    replayPage({ from: 0, to: 3, rows, shown: new Set(['session.opened']) });
    expect(rows).toEqual(copied(sound));
  });
});
