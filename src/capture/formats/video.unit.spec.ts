import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../problem.js';
import type { Format, Json, MaskedRecord } from './format.js';
import { recognise } from './recognise.js';
import { chunkBytes, video } from './video.js';

const startedAt = Date.UTC(2026, 0, 1);
const desk = readFileSync(join(process.cwd(), 'examples/desk.webm'));
const matroska = (length: number) => Buffer.concat([Buffer.from('1a45dfa3', 'hex'), Buffer.alloc(length, 7)], length);
const read = (file: Uint8Array): MaskedRecord[] =>
  video.cut(file, startedAt).map(({ time, data }, sequence) => ({ sequence, time, parts: video.decompose(data) }));

describe('a file is no video', () => {
  it.each<[string, Uint8Array]>([
    ['of text that tells of one', Buffer.from('abcdftypisom,1,2\n')],
    ['of zeros', Buffer.alloc(64)],
    ['with half of a mark', Buffer.from('1a45df', 'hex')],
    ['with the mark of a box that is too large', Buffer.from('00010018667479706d703432', 'hex')],
    ['with its mark further in', Buffer.concat([Buffer.from(' '), desk])],
  ])('%s', (_what, file) => {
    expect(recognise(file)).not.toBe('video');
    expect(() => video.cut(file, startedAt)).toThrow(new Problem('recording_malformed'));
  });
});

it.each<[string, Uint8Array]>([
  ['WebM', desk],
  ['MP4', Buffer.from('00000018667479706d703432', 'hex')],
  ['one that its recorder did not end', desk.subarray(0, 1000)],
])('%s is recognised, and comes back byte for byte', (_what, file) => {
  expect(recognise(file)).toBe('video');
  const again = video.assemble(video.cut(file, startedAt).map(({ data }) => data));
  expect(Buffer.from(again).equals(file)).toBe(true);
});

it.each([
  [chunkBytes - 1, 1],
  [chunkBytes, 1],
  [chunkBytes + 1, 2],
])('%d bytes are %d records, all of them at its beginning', (length, count) => {
  const records = video.cut(matroska(length), startedAt);
  expect(records.map(({ time }) => time)).toEqual(Array(count).fill(startedAt));
  const bytes = records.map(({ data }) => Buffer.from((data as { bytes: string }).bytes, 'base64').length);
  expect(bytes).toEqual(count === 1 ? [length] : [chunkBytes, length - chunkBytes]);
});

describe('a masked video', () => {
  const records = read(matroska(3 * chunkBytes));
  it('is nothing at all without its field', () => {
    const masked = records.map((record) => ({
      ...record,
      parts: { other: { bytes: 'AAAA' }, screen: 'AAAA' } as Json,
    }));
    expect(video.mask(masked as MaskedRecord[])).toEqual([]);
    expect(video.assemble([])).toHaveLength(0);
    const { piece } = video as Required<Format>;
    expect(masked.map((record) => piece(record as MaskedRecord).length)).toEqual([0, 0, 0]);
  });
  it('is what is there, in its order, where a piece of it is gone', () => {
    const [one, , three] = records as [MaskedRecord, MaskedRecord, MaskedRecord];
    const file = Buffer.from(video.assemble(video.mask([one, three])));
    expect(file.equals(matroska(2 * chunkBytes))).toBe(true);
  });
  it('has no more than its bytes: what else stood in a record is not in it', () => {
    const parts = video.decompose({ bytes: 'AAAA', note: 'canary' });
    expect(video.mask([{ sequence: 0, time: 0, parts }])).toEqual([{ bytes: 'AAAA' }]);
  });
});
