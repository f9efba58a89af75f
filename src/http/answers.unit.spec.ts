import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Header, Post, Res, StreamableFile } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Gauge } from 'prom-client';
import type { Person } from '../identity/person.js';
import type { CommandId } from '../log/ids.js';
import { Asker, CommandIdHeader } from './asker.js';
import { Anyone, MayAsk } from './may-ask.js';
import { METRICS, type Metrics } from './metrics.http.js';
import { canary, startTestApp, type TestApp } from './test-app.spec.js';

let arrived: () => void;
let release: Promise<void>;

@Controller('v1')
class AnsweringController {
  @Post('who')
  @MayAsk('researcher', 'subject')
  who(@Asker() { id, roles, subject }: Person, @CommandIdHeader() command: CommandId) {
    return { id, roles: [...roles], subject, command };
  }
  @Get('lines')
  @Anyone()
  @Header('Content-Type', 'application/x-ndjson')
  lines() {
    return new StreamableFile(Readable.from(['{"n":1}\n', '{"n":2}\n'], { objectMode: false }));
  }
  @Get('broken')
  @Anyone()
  broken() {
    async function* breaking() {
      yield '{"n":1}\n';
      await new Promise(setImmediate);
      throw new RangeError(canary);
    }
    return new StreamableFile(Readable.from(breaking(), { objectMode: false }), { type: 'application/x-ndjson' });
  }
  @Get('raw')
  @Anyone()
  raw(@Res() reply: FastifyReply) {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' });
    reply.raw.end('{"n":1}\n');
  }
  @Get('endless')
  @Anyone()
  endless() {
    async function* endless() {
      for (;;) yield Buffer.alloc(65_536, 'x');
    }
    return new StreamableFile(Readable.from(endless(), { objectMode: false }), { type: 'application/x-ndjson' });
  }
  @Get('slow')
  @Anyone()
  async slow() {
    arrived();
    await release;
    return { done: true };
  }
}

let test: TestApp;
let failing: boolean;
let looks: number;
beforeAll(async () => {
  test = await startTestApp([AnsweringController], {
    readiness: [
      { name: 'log', check: () => sleep(20).then(() => void (looks += 1)) },
      { name: 'tables', advisory: true, check: () => Promise.reject(new Error(canary)) },
      { name: 'keyholder', check: () => (failing ? Promise.reject(new Error(canary)) : Promise.resolve()) },
    ],
  });
  await test.app.listen(0, '127.0.0.1');
});
beforeEach(() => {
  failing = false;
  looks = 0;
});
afterAll(() => test.close());
const url = async (path: string) => `${await test.app.getUrl()}${path}`;

/** Waits for what another turn of the event loop brings, and not for a time. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000; turn += 1) {
    if (holds()) return;
    await new Promise(setImmediate);
  }
  throw new Error('it never came to be');
}

describe('a token', () => {
  const post = (headers: Record<string, string>) => test.app.inject({ method: 'POST', url: '/v1/who', headers });
  it.each([
    ['no header', undefined, 'token_missing'],
    ['an empty header', '', 'token_missing'],
    ['another scheme', 'Basic YTpi', 'token_missing'],
    ['no token after the scheme', 'Bearer', 'token_invalid'],
    ['two tokens', 'Bearer a b', 'token_invalid'],
    ['a made-up token', `Bearer ${canary}`, 'token_invalid'],
    ['an endless token', `Bearer ${'x'.repeat(9000)}`, 'token_invalid'],
  ])('is asked for, when the request has %s', async (_what, authorization, code) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await post(headers);
    expect([answer.statusCode, answer.json().code]).toEqual([401, code]);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
  it('does not let another role ask', async () => {
    const answer = await post(await test.bearer('officer1'));
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'role_missing']);
  });
  it('says who asks', async () => {
    const headers = { ...(await test.bearer('subject:s1')), 'idempotency-key': 'command-1' };
    expect((await post(headers)).json()).toEqual({
      id: 'subject:s1',
      roles: ['subject'],
      subject: 's1',
      command: 'command-1',
    });
    const lower = (await test.bearer('researcher')).authorization.replace('Bearer', 'bearer');
    expect((await post({ authorization: lower })).statusCode).toBe(201);
  });
  it.each([
    ['seven characters', 'seven77'],
    ['129 characters', 'x'.repeat(129)],
    ['a space', `${canary} ${canary}`],
    ['nothing', ''],
  ])('comes with a command id, and not one of %s', async (_what, key) => {
    const answer = await post({ ...(await test.bearer('researcher')), 'idempotency-key': key });
    expect(answer.json()).toMatchObject({ issues: [{ path: 'Idempotency-Key', rule: 'invalid_format' }] });
    expect(answer.body).not.toContain(canary);
  });
});

describe('an answer', () => {
  it('streams', async () => {
    const answer = await fetch(await url('/v1/lines'));
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([
      'application/x-ndjson',
      '{"n":1}\n{"n":2}\n',
    ]);
  });
  it('that breaks off midway is cut off, not ended, and logged without a value', async () => {
    const answer = await fetch(await url('/v1/broken'));
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    // The line of the request is written once its connection is closed.
    const lineOf = (of: object) => expect.arrayContaining([expect.objectContaining(of)]);
    await until(() => test.lines().some(({ route }) => route === '/v1/broken'));
    expect(test.lines()).toEqual(lineOf({ msg: 'answered', route: '/v1/broken', status: 200, whole: false }));
    const frames = expect.arrayContaining([expect.stringMatching(/answers\.unit\.spec\.ts:\d+$/)]);
    expect(test.lines()).toEqual(lineOf({ msg: 'broken off', error: 'RangeError', frames }));
    expect(test.logText()).not.toContain(canary);
  });
  it('is in no cache and nothing else than it says, even past Fastify', async () => {
    for (const path of ['/v1/lines', '/v1/raw', '/nowhere', '/health/live', '/metrics']) {
      const { headers } = await fetch(await url(path));
      expect(Object.fromEntries(headers)).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });
  it('leaves one line, without address, id or header', async () => {
    const before = test.lines().length;
    const headers = { 'x-request-id': canary, 'x-forwarded-for': canary };
    await (await fetch(await url(`/v1/lines?${canary}=1`), { headers })).text();
    await until(() => test.lines().length > before);
    const [line, ...more] = test.lines().slice(before);
    expect(more).toEqual([]);
    expect(line).toEqual({
      level: 30,
      time: expect.any(String),
      msg: 'answered',
      request: expect.stringMatching(/^[0-9a-f-]{36}$/),
      route: '/v1/lines',
      method: 'GET',
      status: 200,
      milliseconds: expect.any(Number),
    });
  });
  it('is counted under its route, and under `unknown` without one', async () => {
    await test.app.inject({ method: 'GET', url: `/${canary}` });
    await test.app.inject({ method: 'GET', url: '/v1/lines' });
    const { body } = await test.app.inject({ method: 'GET', url: '/metrics' });
    expect(body).toMatch(/custos_http_requests_total\{route="unknown",method="GET",status="404"\} \d/);
    expect(body).toMatch(/custos_http_requests_total\{route="\/v1\/lines",method="GET",status="200"\} \d/);
    expect(body).toMatch(/^process_cpu_seconds_total /m);
    expect(body).not.toContain(canary);
  });
});

describe('the service is', () => {
  const get = (path: string) => test.app.inject({ method: 'GET', url: path });
  it('not ready if one thing cannot be used, and does not say why', async () => {
    failing = true;
    const answer = await get('/health/ready');
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      {
        status: 'not_ready',
        checks: [
          { name: 'log', ok: true },
          { name: 'tables', ok: false },
          { name: 'keyholder', ok: false },
        ],
      },
    ]);
    expect((await get('/health/live')).json()).toEqual({ status: 'live' });
  });
  it('looked at once, however many strangers ask at once, and again for the next', async () => {
    for (const times of [1, 2]) {
      await Promise.all(Array.from({ length: 100 }, () => get('/health/ready')));
      expect(looks).toBe(times);
    }
  });
  it('counted once, however many strangers ask for metrics at once', async () => {
    let collected = 0;
    const collect = async () => {
      collected += 1;
      await sleep(20);
    };
    new Gauge({ name: 'counted', help: 'x', registers: [test.app.get<Metrics>(METRICS).registry], collect });
    await Promise.all(Array.from({ length: 100 }, () => get('/metrics')));
    expect(collected).toBe(1);
  });
  it('ready if everything that requests need can be used, and shows what else cannot', async () => {
    expect((await get('/health/ready')).json()).toMatchObject({ status: 'ready', checks: [{}, { ok: false }, {}] });
  });
});

describe('the description', () => {
  const get = (path: string) => test.app.inject({ method: 'GET', url: path });
  it('says for each route who may ask, what it takes, and how it refuses', async () => {
    const { paths, components } = (await get('/openapi.json')).json();
    const { post } = paths['/v1/who'];
    expect(post).toMatchObject({ 'x-may-ask': ['researcher', 'subject'], security: [{ bearer: [] }] });
    expect(post.parameters).toMatchObject([{ name: 'Idempotency-Key', in: 'header', required: false }]);
    expect(post.responses.default.content).toHaveProperty(['application/problem+json']);
    expect(paths['/v1/lines'].get.security).toBeUndefined();
    expect(components.schemas.Problem.properties.code.enum).toContain('disclosure_denied');
    expect(components.securitySchemes.bearer).toMatchObject({ scheme: 'bearer' });
  });
  it('is there for people too, from files of ours alone', async () => {
    const page = await get('/docs');
    expect(page.headers['content-security-policy']).toContain("script-src 'self';");
    const links = [...page.body.matchAll(/(?:src|href)=['"]([^'"]+)['"]/g)].map(([, link]) => link as string);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      const { pathname, origin } = new URL(link, 'http://here/docs');
      expect(origin).toBe('http://here');
      expect((await get(pathname)).statusCode).toBe(200);
    }
    expect((await get('/docs/swagger-ui-init.js')).body).toContain('"validatorUrl": null');
  });
  it('is not there if it was not wanted', async () => {
    const bare = await startTestApp([], { docs: false });
    for (const path of ['/docs', '/openapi.json']) {
      expect((await bare.app.inject({ method: 'GET', url: path })).json().code).toBe('route_unknown');
    }
    await bare.close();
  });
});

it('a request that has begun is answered before the service ends', async () => {
  const ending = await startTestApp([AnsweringController]);
  await ending.app.listen(0, '127.0.0.1');
  const begun = new Promise<void>((resolve) => (arrived = resolve));
  let letGo = () => {};
  release = new Promise((resolve) => (letGo = resolve));
  const answer = fetch(`${await ending.app.getUrl()}/v1/slow`);
  await begun;
  const server = ending.app.getHttpServer();
  const closed = once(server, 'close');
  const ended = ending.close();
  await until(() => !server.listening);
  letGo();
  expect(await (await answer).json()).toEqual({ done: true });
  await ended;
  await closed;
});

it('a connection that has carried nothing does not keep the service from ending', async () => {
  const ending = await startTestApp([AnsweringController]);
  await ending.app.listen(0, '127.0.0.1');
  const server = ending.app.getHttpServer();
  const accepted = once(server, 'connection');
  const socket = connect(Number(new URL(await ending.app.getUrl()).port), '127.0.0.1');
  const gone = once(socket, 'close');
  await accepted;
  await Promise.all([gone, ending.close()]);
});

describe('the service ends in its time, though somebody', () => {
  const post = ['POST /v1/who HTTP/1.1', 'host: x', 'content-length: 10', 'content-type: application/json'];
  it.each<[string, (token: string) => string]>([
    ['has sent half of their headers', () => 'GET /health/live HTTP/1.1\r\nhost: x\r\n'],
    ['has sent half of a body, without a token', () => `${post.join('\r\n')}\r\n\r\n{`],
    ['has sent half of a body', (token) => `${post.join('\r\n')}\r\nauthorization: ${token}\r\n\r\n{`],
    ['does not take their answer', () => 'GET /v1/endless HTTP/1.1\r\nhost: x\r\n\r\n'],
  ])('%s', async (_what, sent) => {
    const ending = await startTestApp([AnsweringController], { closesWithinMs: 100 });
    await ending.app.listen(0, '127.0.0.1');
    const { authorization } = await ending.bearer('researcher');
    const server = ending.app.getHttpServer();
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect(Number(new URL(await ending.app.getUrl()).port), '127.0.0.1');
    socket
      .on('error', () => undefined)
      .pause()
      .write(sent(authorization));
    const [theirs] = await accepted;
    await until(() => theirs.bytesRead > 0);
    const outcome = await Promise.race([ending.close().then(() => 'ended'), sleep(3000).then(() => 'hangs')]);
    socket.destroy();
    expect(outcome).toBe('ended');
  });
});
