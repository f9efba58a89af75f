import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Body, Controller, Param, Post, type ExecutionContext } from '@nestjs/common';
import { z } from 'zod';
import { AskerGuard } from './asker.guard.js';
import type { Person } from '../identity/person.js';
import { Problem } from '../problem.js';
import { accessOf, MayAsk } from './may-ask.js';
import { startTestApp, type TestApp } from './test-app.spec.js';

@Controller('take')
class TakeController {
  @Post(':id')
  @MayAsk('source')
  take(@Param('id', { schema: z.string() }) _id: string, @Body({ schema: z.unknown() }) _body: unknown) {
    return {};
  }
}

const limit = 4_000_000;
let test: TestApp;
let port: number;
beforeAll(async () => {
  test = await startTestApp([TakeController], { bodyLimitBytes: limit });
  await test.app.listen(0, '127.0.0.1');
  port = Number(new URL(await test.app.getUrl()).port);
});
afterAll(() => test.close());

const headersOf = async (as: string | undefined) => (as === undefined ? {} : test.bearer(as));
const json = { 'content-type': 'application/json' };
/** Each costs something, or is told of, only where it is read. */
const bodies: readonly [what: string, headers: Record<string, string>, body: string | Buffer][] = [
  ['is no JSON', json, '{'],
  ['would reach a prototype', json, '{"__proto__":{}}'],
  ['is of another media type', { 'content-type': 'text/x' }, 'x'],
  ['is packed in a way that we do not know', { ...json, 'content-encoding': 'compress' }, 'x'],
  ['is damaged', { ...json, 'content-encoding': 'gzip' }, 'x'],
  ['unpacks to too much', { ...json, 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(limit + 1, ' '))],
  ['is too large', json, Buffer.alloc(limit + 1, ' ')],
];
const post = (url: string, headers: Record<string, string>, payload: string | Buffer) =>
  test.app.inject({ method: 'POST', url, headers, payload });

describe('who may not ask is told so, and nothing on a body that', () => {
  it.each(bodies)('%s', async (_what, headers, body) => {
    const codeFor = async (as: string | undefined) =>
      (await post('/take/1', { ...headers, ...(await headersOf(as)) }, body)).json().code;
    expect([await codeFor(undefined), await codeFor('researcher')]).toEqual(['token_missing', 'role_missing']);
    expect(await codeFor('source')).toMatch(/^(body|media_type|encoding)_/);
  });
  it.each(bodies)('%s, and goes to no route', async (_what, headers, body) => {
    for (const url of ['/nowhere', '/take/'])
      expect((await post(url, headers, body)).json().code).toBe('route_unknown');
  });
});

/** What comes back on one connection, until it is closed or `enough` has come. */
function exchange(parts: readonly (string | Buffer)[], enough: RegExp): Promise<{ text: string; closed: boolean }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => parts.forEach((part) => socket.write(part)));
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (!enough.test(text)) return;
      socket.destroy();
      resolve({ text, closed: false });
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, closed: true }));
  });
}
const head = (...headers: string[]) =>
  ['POST /take/1 HTTP/1.1', 'host: x', 'content-type: application/json', ...headers, '', ''].join('\r\n');

describe('a body that is not read', () => {
  it('is not waited for', async () => {
    const { text } = await exchange([head('content-length: 1000'), 'half'], /}$/);
    expect(text).toMatch(/^HTTP\/1\.1 401 [^]*"token_missing"/);
  });
  it('does not keep the answer from whoever sends all of it first', async () => {
    for (const size of [100, limit]) {
      const answer = await fetch(`http://127.0.0.1:${port}/take/1`, { method: 'POST', body: Buffer.alloc(size) });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, 'token_missing']);
    }
  });
  it('is taken off the connection, which goes on', async () => {
    const body = '{"a":1}';
    const one = `${head(`content-length: ${body.length}`)}${body}`;
    expect((await exchange([one, one], /401[^]*401[^]*}$/)).text.match(/HTTP\/1\.1 401/g)).toHaveLength(2);
  });
  it.each([
    ['of whoever may not ask', head('transfer-encoding: chunked'), /^HTTP\/1\.1 401 /],
    ['of a GET, which has none', 'GET /health/live HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n', /^HTTP\/1\.1 200 /],
  ])('is not taken past the limit of a body: the connection ends, %s', async (_what, first, answered) => {
    const chunk = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(0x100000, ' '), Buffer.from('\r\n')]);
    const { text, closed } = await exchange([first, ...Array<Buffer>(8).fill(chunk)], /never/);
    expect(text).toMatch(answered);
    expect(closed).toBe(true);
  }, 5000); // prettier-ignore
});

describe('the guard refuses what did not come past the token:', () => {
  const handler = TakeController.prototype.take;
  const asked = (admitted: unknown) => {
    const http = { getRequest: () => ({ admitted }) };
    return new AskerGuard().canActivate({ getHandler: () => handler, switchToHttp: () => http } as unknown as ExecutionContext); // prettier-ignore
  };
  it.each([
    ['nobody', undefined],
    ['somebody whom another route lets in', { access: { by: 'roles', roles: ['source'] } }],
  ])('%s', (_who, admitted) => expect(() => asked(admitted)).toThrow(expect.objectContaining({ code: 'internal' })));
  it('and lets in whom this very route has let in', () => {
    expect(asked({ access: accessOf(handler) })).toBe(true);
  });
});

describe('a body that is long in coming', () => {
  let slow: TestApp;
  let looks: number;
  let isRevoked: boolean;
  beforeEach(async () => {
    [looks, isRevoked] = [0, false];
    const verify = (): Promise<Person> => {
      looks += 1;
      if (isRevoked) throw new Problem('token_invalid');
      return Promise.resolve({ id: 'source', roles: new Set(['source']) } as unknown as Person);
    };
    slow = await startTestApp([TakeController], { tokens: { verify } });
    await slow.app.listen(0, '127.0.0.1');
  });
  afterEach(() => slow.close());

  /** Half of it, and after `ms` the other. */
  function post(ms: number): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write(`${head('content-length: 7', 'authorization: Bearer t', 'connection: close')}{"a"`);
        setTimeout(() => socket.write(':1}'), ms);
      });
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
    });
  }
  let url: string;
  beforeEach(async () => void (url = await slow.app.getUrl()));

  it('is not taken by a token that was revoked meanwhile', async () => {
    const answer = post(1200);
    while (looks === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    isRevoked = true;
    expect(await answer).toMatch(/^HTTP\/1\.1 401 [^]*"token_invalid"/);
    expect(looks).toBe(2);
  });
  it('is taken by one that still counts', async () => {
    expect(await post(1200)).toMatch(/^HTTP\/1\.1 201 /);
    expect(looks).toBe(2);
  });
});
