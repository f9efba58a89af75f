import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../problem.js';
import type { RecordRead } from './disclosed.js';
import { writePage, writeRecording } from './read-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-read-'));
});
afterEach(() => rm(folder, { recursive: true }));

const pieces = ['one, ', 'two, ', 'three'];
async function* records(broken?: Error): AsyncGenerator<RecordRead> {
  for (const [sequence, piece] of pieces.entries()) {
    yield { sequence, fields: { 'screen.video': { bytes: Buffer.from(piece).toString('base64') } } };
    if (sequence === 1 && broken !== undefined) throw broken;
  }
}
const disclosed = (broken?: Error) => ({ session: 's', format: 'video', records: records(broken) });
const said = () => jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
afterEach(() => jest.restoreAllMocks());

it('a video is written piece by piece, for its reader alone, over what stood there', async () => {
  const [to, told] = [join(folder, 'out.webm'), said()];
  await writeFile(to, 'older');
  await writeRecording(to, disclosed(), true);
  expect(await readFile(to, 'utf8')).toBe('one, two, three');
  expect((await stat(to)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(told.mock.calls.join(''))).toEqual({ session: 's', format: 'video', records: 3, file: to });
});

it('of one that broke off nothing is left, and what stood there stays', async () => {
  const [to, told] = [join(folder, 'out.webm'), said()];
  await writeFile(to, 'older');
  await expect(writeRecording(to, disclosed(new Problem('not_verified')), true)).rejects.toMatchObject({ code: 'not_verified' }); // prettier-ignore
  expect(await readdir(folder)).toEqual(['out.webm']);
  expect(await readFile(to, 'utf8')).toBe('older');
  expect(told).not.toHaveBeenCalled();
});

it('a place that cannot be written is wrong use, and nothing is left beside it', async () => {
  await expect(writeRecording(join(folder, 'no', 'where'), disclosed(), true)).rejects.toMatchObject({ code: 'usage' });
  await expect(writeRecording(folder, disclosed(), true)).rejects.toMatchObject({ code: 'usage' });
  await expect(stat(`${folder}.part`)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('a link still leads to the file, and a pipe stays one', async () => {
  said();
  const [file, link, pipe] = ['file', 'link', 'pipe'].map((name) => join(folder, name)) as [string, string, string];
  await writeFile(file, 'older');
  await symlink(file, link);
  await writeRecording(link, disclosed(), true);
  expect([await readlink(link), await readFile(file, 'utf8')]).toEqual([file, 'one, two, three']);

  execFileSync('mkfifo', [pipe]);
  const [read] = await Promise.all([readFile(pipe, 'utf8'), writeRecording(pipe, disclosed(), true)]);
  expect([(await stat(pipe)).isFIFO(), read]).toEqual([true, 'one, two, three']);
});

it.each(['recording', 'page'])('a %s is for its reader alone, also over a file that others may read', async (what) => {
  said();
  const to = join(folder, 'out');
  await writeFile(to, 'older', { mode: 0o644 });
  async function* none(): AsyncGenerator<RecordRead> {}
  await (what === 'page' ? writePage : writeRecording)(to, { session: 's', format: 'rrweb', records: none() }, true);
  expect(await readFile(to, 'utf8')).not.toContain('older');
  expect((await stat(to)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['out']);
});

it('to standard output it goes as it comes', async () => {
  const told = said();
  await writeRecording(true, disclosed(), false);
  expect(Buffer.concat(told.mock.calls.map(([bytes]) => bytes as Uint8Array)).toString()).toBe('one, two, three');
});

it('a page of one is refused before any of it is read', async () => {
  const read = disclosed();
  await expect(writePage(join(folder, 'out.html'), read, true)).rejects.toMatchObject({ code: 'usage' });
  expect((await read.records.next()).value).toMatchObject({ sequence: 0 });
});

describe('at a terminal a recording', () => {
  const { isTTY } = process.stdout;
  beforeEach(() => (process.stdout.isTTY = true));
  afterEach(() => (process.stdout.isTTY = isTTY));
  const evil = '\u001b]52;c;eA\u0007\u009b2J\u202e';

  it.each(['video', 'asciicast'])('of %s is text, whatever was captured', async (format) => {
    const told = said();
    const bytes = Buffer.from(evil).toString('base64');
    const fields = format === 'video' ? { 'screen.video': { bytes } } : { 'screen.text': evil };
    async function* one(): AsyncGenerator<RecordRead> {
      yield await Promise.resolve({ sequence: 0, fields } as RecordRead);
    }
    await writeRecording(true, { session: 's', format, records: one() }, false);
    const text = told.mock.calls.map(([written]) => Buffer.from(written).toString()).join('');
    // eslint-disable-next-line no-control-regex -- exactly these
    expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(text).toContain('\\u009b2J');
  });
});
