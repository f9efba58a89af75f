import { leafHash } from '../merkle/hash.js';
import { encodeCanonical } from '../sealing/canonical.js';
import { encodeHeader, type Entry } from './header.js';
import { governingOnly, replayPage, type Shown } from './replay-page.js';

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
  readonly leaf: Uint8Array;
  readonly header: Uint8Array;
}
/** Whoever writes a row that is wrong gives it the right leaf: only what the header is can tell. */
const row = (header: Uint8Array): Row => ({ leaf: leafHash(header), header });
const sound = [0, 1, 2].map((position) => row(encodeHeader(entry(position))));

/** As COPY sends them in binary form. */
function copied(rows: readonly Row[]): Uint8Array {
  const number = (bytes: number, value: number) => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeIntBE(value, 0, bytes);
    return [...buffer];
  };
  const sized = (bytes: Uint8Array) => [...number(4, bytes.length), ...bytes];
  const all = rows.flatMap(({ leaf, header }) => [...number(2, 2), ...sized(leaf), ...sized(header)]);
  return Uint8Array.from([...new Uint8Array(19), ...all, ...number(2, -1)]);
}
const replayed = (rows: readonly Row[], shown: Shown = governingOnly) =>
  replayPage({ from: 0, to: 3, rows: copied(rows), shown });
const withSecond = (second: Row) => [sound[0] as Row, second, sound[2] as Row];
/** What is given back of it: places in the page, and the headers there. */
function shownOf(rows: readonly Row[], shown?: Shown) {
  const places = replayed(rows, shown)?.shown ?? new Int32Array();
  return Array.from({ length: places.length / 3 }, (_, number) => {
    const [index, start, end] = places.slice(3 * number);
    return { index, header: copied(rows).slice(start, end) };
  });
}

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
    expect(replayed(withSecond(row(encodeHeader(entry(1)))))).toBeDefined();
    expect(replayed(withSecond(row(header)))).toBeUndefined();
  });

  it('if its leaf is not the one beside it, or not a whole one', () => {
    const header = encodeHeader(entry(1));
    const leaf = leafHash(header);
    const changed = leaf.map((byte, index) => byte ^ (index === 31 ? 1 : 0));
    expect(replayed(withSecond({ leaf: changed, header }))).toBeUndefined();
    expect(replayed(withSecond({ leaf: leaf.slice(0, 31), header }))).toBeUndefined();
    expect(replayed(withSecond({ leaf: Uint8Array.from([...leaf, 0]), header }))).toBeUndefined();
  });

  it('if rows are missing, or there are more of them', () => {
    expect(replayed(sound.slice(0, 2))).toBeUndefined();
    expect(replayed([...sound, row(encodeHeader(entry(3)))])).toBeUndefined();
  });
});

describe('a page', () => {
  it('says where what governs lies, whole, and nothing else', () => {
    const governing = encodeHeader(entry(1, 'consent.changed'));
    expect(shownOf(withSecond(row(governing)))).toEqual([{ index: 1, header: governing }]);
    expect(shownOf(sound)).toEqual([]);
  });

  it('gives back types that are to be shown as well, or all, in their places', () => {
    const rows = withSecond(row(encodeHeader(entry(1, 'consent.changed'))));
    const places = (shown: Shown) => shownOf(rows, shown).map(({ index }) => index);
    expect(places(new Set(['session.opened']))).toEqual([0, 1, 2]);
    expect(places(new Set(['session.batch']))).toEqual([1]);
    expect(shownOf(rows, 'all')).toEqual(rows.map(({ header }, index) => ({ index, header })));
  });

  it('tells the times of all its entries', () => {
    const later = row(encodeHeader({ ...entry(1), at: 1_780_000_000_007 }));
    expect([...(replayed(withSecond(later))?.times ?? [])]).toEqual([0, 7, 0].map((ms) => 1_780_000_000_000 + ms));
  });

  it('gives back the leaves of a part of one', () => {
    expect(replayed(sound)?.tree).toEqual(Uint8Array.from(sound.flatMap(({ leaf }) => [...leaf])));
  });

  it('is left as it was read, so that whoever has it can look again', () => {
    const rows = copied(sound);
    replayPage({ from: 0, to: 3, rows, shown: 'all' });
    expect(rows).toEqual(copied(sound));
  });
});
