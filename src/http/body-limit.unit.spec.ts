import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Body, Controller, Post } from '@nestjs/common';
import { z } from 'zod';
import { Anyone, MayAsk } from './may-ask.js';
import { smallBodyBytes } from './small-bodies.js';
import { startTestApp, type TestApp } from './test-app.spec.js';

@Controller('take')
class TakeController {
  @Post()
  @Anyone()
  take(@Body({ schema: z.unknown() }) _body: unknown) {
    return {};
  }
}

@Controller()
class ManyController {
  @Post('records')
  @MayAsk('source')
  records(@Body({ schema: z.unknown() }) _body: unknown) {
    return {};
  }
  @Post('requests')
  @MayAsk('source', 'researcher')
  requests(@Body({ schema: z.unknown() }) _body: unknown) {
    return {};
  }
}

const limit = 4000;
let test: TestApp;
let port: number;
beforeAll(async () => {
  test = await startTestApp([TakeController], { bodyLimitBytes: limit });
  await test.app.listen(0, '127.0.0.1');
  port = Number(new URL(await test.app.getUrl()).port);
});
afterAll(() => test.close());

/** What is answered while the sender still holds back the rest: an answer that waited for it would never come. */
const answerTo = (headers: readonly string[], body: Uint8Array = new Uint8Array()): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      const lines = ['POST /take HTTP/1.1', 'host: x', 'content-type: application/json', ...headers, '', ''];
      socket.write(lines.join('\r\n'));
      socket.write(body);
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (/\r\n\r\n[^]*}$/.test(text)) {
        socket.destroy();
        resolve(text);
      }
    });
    socket.on('error', reject);
  });
const chunk = (bytes: Buffer) => Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes]);
const refused = new RegExp(`^HTTP/1\\.1 413 [^]*"code":"body_too_large"[^]*"limit":${limit}`);

describe('a body past the limit is refused before the rest of it has come', () => {
  it('by its Content-Length, before its first byte', async () => {
    expect(await answerTo([`content-length: ${limit + 1}`])).toMatch(refused);
  });
  it('by its Content-Length, compressed', async () => {
    expect(await answerTo([`content-length: ${limit + 1}`, 'content-encoding: gzip'])).toMatch(refused);
  });
  it('in chunks, at the chunk that is too much', async () => {
    expect(await answerTo(['transfer-encoding: chunked'], chunk(Buffer.alloc(limit + 1, ' ')))).toMatch(refused);
  });
  it('in chunks, compressed, at the byte that unpacks to too much', async () => {
    const bomb = gzipSync(Buffer.alloc(2_000_000, ' ')).subarray(0, -8);
    const headers = ['transfer-encoding: chunked', 'content-encoding: gzip'];
    expect(bomb.length).toBeLessThan(limit);
    expect(await answerTo(headers, chunk(bomb))).toMatch(refused);
  });
});

describe('where others than sources may ask, a body is small,', () => {
  let large: TestApp;
  beforeAll(async () => void (large = await startTestApp([ManyController], { bodyLimitBytes: 4 * smallBodyBytes })));
  afterAll(() => large.close());
  const body = (bytes: number) => Buffer.from(`"${'x'.repeat(bytes - 2)}"`);
  const post = async (url: string, payload: Buffer, headers: Record<string, string> = {}) => {
    const all = { 'content-type': 'application/json', ...(await large.bearer('source')), ...headers };
    const { code, limit: most } = (await large.app.inject({ method: 'POST', url, headers: all, payload })).json();
    return { code, limit: most };
  };
  const gzip = { 'content-encoding': 'gzip' };
  const tooLarge = { code: 'body_too_large', limit: smallBodyBytes };

  it('and one byte more is refused, packed too', async () => {
    expect(await post('/requests', body(smallBodyBytes))).toEqual({});
    expect(await post('/requests', body(smallBodyBytes + 1))).toEqual(tooLarge);
    expect(await post('/requests', gzipSync(body(smallBodyBytes)), gzip)).toEqual({});
    expect(await post('/requests', gzipSync(body(smallBodyBytes + 1)), gzip)).toEqual(tooLarge);
  });
  it('and that of a source is not', async () => {
    expect(await post('/records', body(4 * smallBodyBytes))).toEqual({});
    expect(await post('/records', gzipSync(body(4 * smallBodyBytes)), gzip)).toEqual({});
    expect(await post('/records', body(4 * smallBodyBytes + 1))).toEqual({ ...tooLarge, limit: 4 * smallBodyBytes });
  });
});
