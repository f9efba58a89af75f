import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { Anyone } from './may-ask.js';
import { canary, startTestApp, type TestApp } from './test-app.spec.js';
import { zstdFrame, zstdOf, zstdOfAFile, zstdOfAPipe, zstdText } from './zstd-made.spec.js';

const Sent = z.strictObject({ data: z.string() });

@Controller('size')
class SizeController {
  @Post()
  @Anyone()
  size(@Body({ schema: Sent }) { data }: z.infer<typeof Sent>) {
    return { size: data.length };
  }
}

const limit = 4000;
let test: TestApp;
beforeAll(async () => {
  test = await startTestApp([SizeController], { bodyLimitBytes: limit });
});
afterAll(() => test.close());

const post = (payload: Buffer, encoding: string) =>
  test.app.inject({
    method: 'POST',
    url: '/size',
    headers: { 'content-type': 'application/json', 'content-encoding': encoding },
    payload,
  });
const sized = (bytes: number) => `{"data":"${'x'.repeat(bytes - '{"data":""}'.length)}"}`;
const packers: readonly [encoding: string, pack: (text: string) => Buffer][] = [
  ['gzip', (text) => gzipSync(text)],
  ['br', (text) => brotliCompressSync(text)],
  ['zstd', zstdOf],
];

describe.each(packers)('a body in %s is refused', (encoding, pack) => {
  const refusedAs = async (code: string, payload: Buffer, told = encoding) => {
    const answer = await post(payload, told);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.body + test.logText()).not.toContain(canary);
  };
  it('one byte past the limit, unpacked', async () => {
    expect((await post(pack(sized(limit)), encoding)).json()).toEqual({ size: limit - 11 });
    const answer = await post(pack(sized(limit + 1)), encoding);
    expect(answer.json()).toMatchObject({ code: 'body_too_large', status: 413, limit });
  });
  it('that would unpack to thousands of times the limit', () => refusedAs('body_too_large', pack(sized(8_000_000))));
  it('past the limit before it is unpacked', () => refusedAs('body_too_large', Buffer.alloc(limit + 1, pack('x'))));
  it('wherever it was cut off', async () => {
    const whole = pack(`{"data":"${canary}"}`);
    for (let bytes = 1; bytes < whole.length; bytes += 1)
      await refusedAs('encoding_malformed', whole.subarray(0, bytes));
  });
  it.each(['not compressed', '\0\0\0\0', ''])('that is none: %j', (text) =>
    refusedAs('encoding_malformed', Buffer.from(text)),
  );
  it('that is no JSON', () => refusedAs('body_malformed', pack(canary)));
  it('twice over', () => refusedAs('encoding_unsupported', pack('{}'), `${encoding}, ${encoding}`));
});

it.each(['deflate', 'compress', 'aes128gcm', canary, 'gzip, br', '*'])(
  'an encoding is refused: %s',
  async (encoding) => {
    const answer = await post(Buffer.from('{"data":""}'), encoding);
    expect(answer.json()).toMatchObject({ code: 'encoding_unsupported', status: 415 });
    expect(answer.body + test.logText()).not.toContain(canary);
  },
);

describe('a body is read', () => {
  it.each([
    ['gzip', gzipSync('{"data":"abc"}')],
    ['X-GZIP', gzipSync('{"data":"abc"}')],
    ['identity', Buffer.from('{"data":"abc"}')],
    ['br', brotliCompressSync('{"data":"abc"}')],
    ['zstd', zstdFrame([Buffer.from('{"data":'), { run: 0x20, bytes: 9 }, Buffer.from('"abc"}')])],
    ['gzip', Buffer.concat([gzipSync('{"data":'), gzipSync('"abc"}')])],
    ['zstd', Buffer.concat([zstdOf('{"data":'), Buffer.from('502a4d1802000000ffff', 'hex'), zstdOf('"abc"}')])],
  ])('in %s', async (encoding, payload) => {
    expect((await post(payload, encoding)).json()).toEqual({ size: 3 });
  });
  it.each([zstdOfAFile, zstdOfAPipe])('that zstd itself made', async (payload) => {
    expect((await post(payload, 'zstd')).json()).toEqual({ size: JSON.parse(zstdText).data.length });
  });
});

describe('zstd is refused', () => {
  it.each([
    ['where a checksum is wrong', Buffer.from(zstdOfAFile).fill(0, zstdOfAFile.length - 1), 'encoding_malformed'],
    ['that tells less than it holds', zstdFrame([Buffer.from('{"data":"abc"}')], 3), 'encoding_malformed'],
    ['that tells more than it holds', zstdFrame([Buffer.from('{"data":"abc"}')], 99), 'encoding_malformed'],
    ['that tells more than there may be', zstdFrame([Buffer.from('{}')], 2 ** 52), 'body_too_large'],
    ['of a dictionary', Buffer.from('28b52ffd21010500010000', 'hex'), 'encoding_malformed'],
    ['with a reserved block', Buffer.from('28b52ffd2000070000', 'hex'), 'encoding_malformed'],
    ['with something behind it', Buffer.concat([zstdOf('{"data":"abc"}'), Buffer.from('{}  ')]), 'encoding_malformed'],
  ])('%s', async (_what, payload, code) => {
    expect((await post(payload, 'zstd')).json()).toMatchObject({ code });
  });
  it('as eight megabytes in three hundred bytes, whether it tells so or not', async () => {
    const runs = Array.from({ length: 64 }, () => ({ run: 0x20, bytes: 128 * 1024 }));
    for (const told of [undefined, 64 * 128 * 1024]) {
      expect((await post(zstdFrame(runs, told), 'zstd')).json()).toMatchObject({ code: 'body_too_large' });
    }
  });
});
