import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Body, Controller, Get, Headers, Module, Param, Post, Query } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { z } from 'zod';
import { createDevPeople, devTokenIssuer, mintDevToken } from '../identity/dev-people.js';
import { tokenVerifier } from '../identity/tokens.js';
import type { Person } from '../identity/person.js';
import type { CommandId } from '../log/ids.js';
import { Problem, problems } from '../problem.js';
import { Asker, CommandIdHeader } from './asker.js';
import { createApp } from './create-app.js';
import { Anyone, MayAsk } from './may-ask.js';

const canary = 'canary-5e1f';
const Id = z.string().regex(/^[a-z]+$/);
const Sent = z.strictObject({ name: z.string().max(5), list: z.array(z.strictObject({ n: z.int() })).default([]) });

@Controller('test')
class TestController {
  @Post('things/:id')
  @MayAsk('source', 'officer')
  post(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('id', { schema: Id }) id: string,
    @Body({ schema: Sent }) body: z.infer<typeof Sent>,
  ) {
    return { asker: asker.id, command, id, body };
  }

  @Get('fails')
  @Anyone()
  fails() {
    const error = new Error(`column "x" holds ${canary}`);
    throw Object.assign(error, { code: '23505', detail: canary });
  }

  @Get('busy')
  @Anyone()
  busy() {
    throw new Problem('log_busy', { retryAfterSeconds: 3 });
  }

  @Get('undeclared')
  undeclared() {
    return { secret: canary };
  }

  @Post('unchecked')
  @Anyone()
  unchecked(@Body() body: unknown, @Query() query: unknown, @Headers('x') header: unknown) {
    return { body, query, header };
  }
}

@Module({ controllers: [TestController] })
class BadModule {}

let dir: string;
let app: NestFastifyApplication;
let logged: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'custos-http-'));
  await createDevPeople(dir);
  for (const name of ['undeclared', 'unchecked'] as const) {
    // The good application is the bad one without the two routes that make it bad.
    saved.set(name, Object.getOwnPropertyDescriptor(TestController.prototype, name) as PropertyDescriptor);
    delete (TestController.prototype as Partial<TestController>)[name];
  }
  app = await createApp({ module: BadModule }, await options());
});
beforeEach(() => (logged = ''));
afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true });
});

const saved = new Map<string, PropertyDescriptor>();
const options = async () => ({
  bodyLimitBytes: 2000,
  docs: true,
  tokens: await tokenVerifier(devTokenIssuer(join(dir, 'jwks.json'))),
  logLevel: 'trace',
  readiness: [{ name: 'test', check: () => Promise.resolve() }],
  logTo: { write: (line: string) => void (logged += line) },
});

interface Sending {
  readonly as?: string;
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}
async function send({ as, method = 'POST', path = '/test/things/abc', body, headers = {} }: Sending) {
  const authorization = as === undefined ? {} : { authorization: `Bearer ${await mintDevToken(dir, as)}` };
  const content = body === undefined ? {} : { 'content-type': 'application/json' };
  return app.inject({
    method,
    url: path,
    headers: { ...content, ...authorization, ...headers },
    ...(body === undefined ? {} : { payload: body }),
  });
}

describe('a route that does not declare itself', () => {
  it('keeps the application from starting, and is named with the cure', async () => {
    for (const [name, descriptor] of saved) Object.defineProperty(TestController.prototype, name, descriptor);
    await expect(createApp({ module: BadModule }, await options())).rejects.toThrow(
      [
        'TestController.undeclared does not say who may ask: add @MayAsk(…) or @Anyone()',
        'TestController.unchecked takes its body without a schema: add { schema }',
        'TestController.unchecked takes its query without a schema: add { schema }',
        'TestController.unchecked takes its headers past every check: take a body, query or param with a schema',
      ].join('\n'),
    );
  });
});

describe('a request is refused', () => {
  const body = JSON.stringify({ name: 'a' });
  const refused: readonly [what: string, sending: Sending, status: number, code: string][] = [
    ['without a token', { body }, 401, 'token_missing'],
    ['with a bad token', { body, headers: { authorization: `Bearer ${canary}` } }, 401, 'token_invalid'],
    ['with another scheme', { body, headers: { authorization: `Basic ${canary}` } }, 401, 'token_missing'],
    ['by another role', { as: 'researcher', body }, 403, 'role_missing'],
    ['with malformed JSON', { as: 'source', body: `{"name": "${canary}` }, 400, 'body_malformed'],
    ['with a prototype key', { as: 'source', body: `{"__proto__": {"name": "${canary}"}}` }, 400, 'body_malformed'],
    ['with an empty body', { as: 'source', body: '' }, 400, 'body_malformed'],
    ['with too large a body', { as: 'source', body: JSON.stringify({ name: canary.repeat(400) }) }, 413, 'body_too_large'],
    ['of another media type', { as: 'source', body: canary, headers: { 'content-type': 'text/x-canary' } }, 415, 'media_type_unsupported'],
    ['with a value that breaks its rule', { as: 'source', body: JSON.stringify({ name: canary }) }, 422, 'input_invalid'],
    ['with an unknown key', { as: 'source', body: JSON.stringify({ name: 'a', [canary]: 1 }) }, 422, 'input_invalid'],
    ['with an unknown key inside', { as: 'source', body: JSON.stringify({ name: 'a', list: [{ n: 1, [canary]: 1 }] }) }, 422, 'input_invalid'],
    ['with a path that breaks its rule', { as: 'source', body, path: `/test/things/${canary}` }, 422, 'input_invalid'],
    ['with a bad command id', { as: 'source', body, headers: { 'idempotency-key': `${canary} !` } }, 422, 'input_invalid'],
    ['to no route', { as: 'source', method: 'GET', path: `/${canary}` }, 404, 'route_unknown'],
    ['when its handler fails', { method: 'GET', path: '/test/fails' }, 500, 'internal'],
  ]; // prettier-ignore

  it.each(refused)('%s, and nothing that it held is said or logged', async (_what, sending, status, code) => {
    const answer = await send(sending);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({ code, status });
    expect(answer.statusCode).toBe(status);
    expect(answer.body + JSON.stringify(answer.headers)).not.toContain(canary);
    expect(logged).not.toContain(canary);
    expect(logged).toContain('"msg":"answered"');
  });

  it('with the places and rules, and no more', async () => {
    const answer = await send({ as: 'source', body: JSON.stringify({ name: 'too long', list: [{ n: 'x' }] }) });
    expect(answer.json().issues).toEqual([
      { path: 'name', rule: 'too_big' },
      { path: 'list.0.n', rule: 'invalid_type' },
    ]);
  });

  it('with a time to come back', async () => {
    const answer = await send({ method: 'GET', path: '/test/busy' });
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '3']);
  });
});

describe('a request is answered', () => {
  it('to whom the route names, with the command id that they gave', async () => {
    const answer = await send({
      as: 'source',
      body: JSON.stringify({ name: 'a' }),
      headers: { 'idempotency-key': 'my-command-1' },
    });
    expect(answer.json()).toEqual({
      asker: 'source',
      command: 'my-command-1',
      id: 'abc',
      body: { name: 'a', list: [] },
    });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  it('with a fresh command id where none was given', async () => {
    const body = JSON.stringify({ name: 'a' });
    const [one, two] = [await send({ as: 'officer1', body }), await send({ as: 'officer1', body })];
    expect(one.json().command).not.toBe(two.json().command);
  });

  it('for health, metrics and the description, to anyone, by route pattern', async () => {
    await send({ as: 'source', body: JSON.stringify({ name: 'a' }) });
    for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs']) {
      expect((await send({ method: 'GET', path })).statusCode).toBe(200);
    }
    const metrics = (await send({ method: 'GET', path: '/metrics' })).body;
    expect(metrics).toContain('route="/test/things/:id"');
    expect(metrics).not.toContain('abc');
  });
});

it('every problem has a status, a title, and a cure', () => {
  for (const [code, [status, title, detail]] of Object.entries(problems)) {
    expect([code, status >= 400 && status < 600, title.length > 7, detail.length > 10]).toEqual([
      code,
      true,
      true,
      true,
    ]);
    expect(JSON.parse(JSON.stringify(new Problem(code as keyof typeof problems)))).toMatchObject({ code, status });
  }
});
