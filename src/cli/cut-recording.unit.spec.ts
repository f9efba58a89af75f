import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { formatOf } from '../capture/formats/formats.js';
import { headBytes } from '../capture/formats/head.js';
import { recognise } from '../capture/formats/recognise.js';
import { zstdFrame, zstdOf } from '../http/zstd-made.spec.js';
import { beginningOf, cutRecording } from './cut-recording.js';
import { openRecording } from './recording-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-cut-'));
});
afterAll(() => rm(folder, { recursive: true }));

const line = (index: number) =>
  `{"time_stamp":${index},"action":"move","x":1,"y":2,"event_idx":${index},"é":"${'x'.repeat(99)}"}\n`;
const recording = Array.from({ length: 500 }, (_, index) => line(index)).join('');
async function fileOf(bytes: Uint8Array | string, name = 'recording'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
const cut = async (bytes: Uint8Array | string, name?: string, format = 'agentnet') =>
  cutRecording(await openRecording(await fileOf(bytes, name)), formatOf(format), 0);
async function listed(records: AsyncIterable<{ data: unknown }>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const { data } of records) all.push(data);
  return all;
}
const packed: [string, Uint8Array | string, string?][] = [
  ['as it is', recording],
  ['in gzip', gzipSync(recording)],
  ['in two pieces of gzip', Buffer.concat([gzipSync(recording.slice(0, 777)), gzipSync(recording.slice(777))])],
  ['in zstd', zstdOf(recording)],
  [
    'in zstd that does not tell its size',
    zstdFrame([
      Buffer.from(recording.slice(0, 5000)),
      Buffer.from(recording.slice(5000, 60_000)),
      Buffer.from(recording.slice(60_000)),
    ]),
  ],
  ['in brotli', brotliCompressSync(recording), 'recording.br'],
];

describe.each(packed)('a recording %s', (_how, bytes, name) => {
  it('is cut to its records, from any of them on, as often as it is asked for', async () => {
    const records = await cut(bytes, name);
    const all = recording
      .trim()
      .split('\n')
      .map((one) => JSON.parse(one));
    expect(records.count).toBe(500);
    expect(await listed(records.from(0))).toEqual(all);
    expect(await listed(records.from(499))).toEqual(all.slice(499));
    expect(await listed(records.from(0))).toEqual(all);
  });
  it('begins with what its format is told by', async () => {
    const beginning = await beginningOf(await openRecording(await fileOf(bytes, name)), 100);
    expect(Buffer.from(beginning).toString('utf8', 0, 40)).toBe(recording.slice(0, 40));
  });
  it('is refused before anything of it is sent, if it is cut off', async () => {
    // Plain lines are whole up to a line end.
    const short = Buffer.from(bytes).subarray(0, -2);
    await expect(cut(short, name)).rejects.toMatchObject({ code: 'recording_truncated' });
  });
});

const gzipped = gzipSync(recording);
const gzipWithBadChecksum = Buffer.from(gzipped).fill(0, gzipped.length - 8, gzipped.length - 4);
it.each([
  ['gzip with a wrong checksum', gzipWithBadChecksum, undefined, 'recording_malformed'],
  ['what is named brotli and is none', 'canary', 'canary.br', 'recording_malformed'],
  ['bytes that are no UTF-8', Buffer.from([...Buffer.from(line(0)), 0xff, 0x0a]), undefined, 'recording_malformed'],
  ['a last character that is cut off', Buffer.from(`${line(0)}"é`).subarray(0, -1), undefined, 'recording_truncated'],
  ['a bad line at the end', `${recording}{"canary":\n`, undefined, 'recording_malformed'],
  ['nothing', '', undefined, 'recording_empty'],
])('%s is refused', async (_what, bytes, name, code) => {
  await expect(cut(bytes, name)).rejects.toMatchObject({ code });
  await expect(cut(bytes, name)).rejects.not.toThrow('canary');
});

it('what belongs first comes first, though the end tells it', async () => {
  const wrapped = `{"result":[${recording.trim().replaceAll('\n', ',')}],"next":null}`;
  const records = await cut(wrapped);
  expect(records.count).toBe(501);
  expect((await listed(records.from(0)))[0]).toEqual({ frame: ['result'], of: { result: [], next: null } });
  expect(await listed(records.from(500))).toEqual([JSON.parse(line(499))]);
});

const video = Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(1_000_000)]);
const packedVideo: [string, Uint8Array, string][] = [
  ['as it is', video, 'video'],
  ['in gzip', gzipSync(video), 'video'],
  ['in zstd', zstdFrame([0, 1, 2, 3, 4, 5, 6, 7, 8].map((at) => video.subarray(at * 120_000, (at + 1) * 120_000))), 'video'], // prettier-ignore
  ['in brotli', brotliCompressSync(video, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }), 'video.br'],
];
it.each(packedVideo)(
  'a video %s is told by its beginning, and cut as the bytes that it is',
  async (_how, bytes, name) => {
    const file = await openRecording(await fileOf(bytes, name));
    expect(recognise(await beginningOf(file, headBytes))).toBe('video');
    const records = await cutRecording(file, formatOf('video'), 0);
    const pieces = (await listed(records.from(0))) as { bytes: string }[];
    expect(pieces).toHaveLength(records.count);
    expect(Buffer.concat(pieces.map((one) => Buffer.from(one.bytes, 'base64'))).equals(video)).toBe(true);
    expect(await listed(records.from(2))).toEqual(pieces.slice(2));
  },
);

it('a video is cut as it is read, and never held whole', async () => {
  let read = 0;
  async function* chunks() {
    for (read = 0; read < 20; read += 1) yield video;
  }
  const records = await cutRecording({ changedAt: 0, chunks }, formatOf('video'), 0);
  expect(records.count).toBe(51);
  for await (const { data } of records.from(0)) {
    expect(Buffer.from((data as { bytes: string }).bytes, 'base64').equals(video.subarray(0, 384 * 1024))).toBe(true);
    break;
  }
  expect(read).toBe(0);
});

it('a recording that makes sense as a whole only is cut as one', async () => {
  const records = await cut(
    '{"messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]}',
    'm',
    'messages',
  );
  expect(await listed(records.from(1))).toHaveLength(records.count - 1);
});

it('a file that is not there is wrong use', async () => {
  await expect(openRecording(join(folder, 'nothing'))).rejects.toMatchObject({ code: 'usage' });
  await expect(openRecording(folder)).rejects.toMatchObject({ code: 'usage' });
});
