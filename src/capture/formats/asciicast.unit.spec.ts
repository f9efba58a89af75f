import { fieldNames, type FieldName } from '../../log/fields.js';
import { asciicast } from './asciicast.js';
import type { Json } from './format.js';

const startedAt = 1_700_000_000_000;
const theme = { fg: '#aaaaaa', bg: '#000000', palette: Array.from({ length: 8 }, () => '#123456').join(':') };
const v3 = [
  { version: 3, term: { cols: 96, rows: 26, type: 'xterm', theme }, title: 'a title' },
  '# a comment',
  [1.5, 'o', '$ '],
  [0.5, 'i', 'x'],
  [1, 'r', '100x30'],
  [1, 'r', '0x30'],
  [1, 'm', 'a marker'],
  [1, 'x', '0'],
];
const fileOf = (lines: unknown[]) =>
  Buffer.from(lines.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n'));
/** Lines of the masked file, as its player gets them. */
const masked = (file: Uint8Array, granted: readonly FieldName[]): Json[] => {
  const records = asciicast.cut(file, startedAt).map(({ time, data }, sequence) => ({
    sequence,
    time,
    parts: Object.fromEntries(
      Object.entries(asciicast.decompose(data)).filter(([field]) => granted.includes(field as FieldName)),
    ),
  }));
  return Buffer.from(asciicast.assemble(asciicast.mask(records)))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
};

describe('a masked terminal recording', () => {
  it('is one of 80 columns and 24 rows, if nothing was granted', () =>
    expect(masked(fileOf(v3), [])).toEqual([{ version: 2, width: 80, height: 24 }]));

  it('holds output and not input, if output was granted', () =>
    expect(masked(fileOf(v3), ['screen.text'])).toEqual([{ version: 2, width: 80, height: 24 }, [1.5, 'o', '$ ']]));

  it('holds no title, no marker, no comment and no size that a player refuses, whatever was granted', () =>
    expect(masked(fileOf(v3), fieldNames)).toEqual([
      { version: 2, width: 96, height: 26, theme },
      [1.5, 'o', '$ '],
      [2, 'i', 'x'],
      [3, 'r', '100x30'],
    ]));

  it('of v1 counts its times from the start, like v2', () => {
    const v1 = { version: 1, width: 9, height: 65536, stdout: [[0.5, 'a'], [0.25, 'b']] }; // prettier-ignore
    expect(masked(Buffer.from(JSON.stringify(v1, null, 2)), fieldNames)).toEqual([
      { version: 2, width: 9, height: 24 },
      [0.5, 'o', 'a'],
      [0.75, 'o', 'b'],
    ]);
  });
});

describe('the time of a record', () => {
  const times = (version: number, timestamp: unknown) =>
    asciicast
      .cut(fileOf([{ version, width: 1, height: 1, timestamp }, '#', [1, 'o', ''], [1.5, 'o', '']]), startedAt)
      .map(({ time }) => time - startedAt);
  it.each([
    [2, 'since the start', [0, 0, 1000, 1500]],
    [3, 'since the event before', [0, 0, 1000, 2500]],
  ])('counts in v%i %s', (version, _from, expected) => {
    expect(times(version, startedAt / 1000)).toEqual(expected);
    expect(times(version, 'not a time')).toEqual(expected);
  });
});
