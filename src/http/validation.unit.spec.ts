import { Body, Controller, Post, Query } from '@nestjs/common';
import * as fc from 'fast-check';
import { z } from 'zod';
import { knownPath } from './issue-path.js';
import { Anyone } from './may-ask.js';
import { canary, startTestApp, type TestApp } from './test-app.spec.js';
import { ValidationPipe } from './validation.js';

const Sent = z.strictObject({
  data: z.unknown().optional(),
  list: z.array(z.strictObject({ n: z.int() })).optional(),
  byName: z.record(z.string(), z.strictObject({ n: z.int() })).optional(),
  either: z.union([z.strictObject({ a: z.int() }), z.strictObject({ b: z.int() })]).optional(),
});
const Asked = z.strictObject({ limit: z.coerce.number().int().max(10).optional() });

@Controller('echo')
class EchoController {
  @Post()
  @Anyone()
  echo(@Body({ schema: Sent }) body: z.infer<typeof Sent>, @Query({ schema: Asked }) query: z.infer<typeof Asked>) {
    return { body, query };
  }
}

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp([EchoController]);
});
afterAll(() => test.close());

const json = 'application/json';
const post = (payload: string | Buffer, type = json, url = '/echo') =>
  test.app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });

describe('a body is refused', () => {
  const refusedAs = async (code: string, payload: string | Buffer, type?: string) => {
    const answer = await post(payload, type);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.body + test.logText()).not.toContain(canary);
  };
  it('as malformed, with a byte that is no UTF-8', () =>
    refusedAs('body_malformed', Buffer.from([...Buffer.from('{"data":"'), 0xff, ...Buffer.from('"}')])));
  it.each(['{"data":{"__proto__":{"x":1}}}', '{"data":{"constructor":{"prototype":{"x":1}}}}'])(
    'as malformed, with a key that reaches a prototype: %s',
    (text) => refusedAs('body_malformed', text),
  );
  it.each(['', '{', `{"${canary}`, `${canary}`, '{"data":1}{}', '{"data":NaN}'])('as malformed: %j', (text) =>
    refusedAs('body_malformed', text),
  );
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    canary,
  ])('as %s', (type) => refusedAs('media_type_unsupported', `data=${canary}`, type));
  it('one byte past the limit, which is named', async () => {
    const sized = (bytes: number) => JSON.stringify({ data: 'x'.repeat(bytes - '{"data":""}'.length) });
    expect((await post(sized(4000))).statusCode).toBe(201);
    expect((await post(sized(4001))).json()).toMatchObject({ code: 'body_too_large', status: 413, limit: 4000 });
  });
});

describe('an issue names the place and the rule', () => {
  const issues = async (value: unknown, url?: string) => {
    const answer = await post(JSON.stringify(value), json, url);
    expect(answer.statusCode).toBe(422);
    expect(answer.body + test.logText()).not.toContain(canary);
    return answer.json().issues;
  };
  it('but not the unknown key, only what holds it', async () => {
    expect(await issues({ [canary]: 1 })).toEqual([{ path: 'body', rule: 'unrecognized_keys' }]);
    expect(await issues({ list: [{ n: 1 }, { n: 1, [canary]: 1 }] })).toEqual([
      { path: 'list.1', rule: 'unrecognized_keys' },
    ]);
  });
  it('but not a key that the caller chose, nor what is under it', async () => {
    expect(await issues({ byName: { [canary]: { n: canary } } })).toEqual([{ path: 'byName', rule: 'invalid_type' }]);
  });
  it('but not a key of the query', async () => {
    expect(await issues({}, `/echo?${canary}=${canary}`)).toEqual([{ path: 'query', rule: 'unrecognized_keys' }]);
  });
  it('of the query and the body alike', async () => {
    expect(await issues({}, '/echo?limit=11')).toEqual([{ path: 'limit', rule: 'too_big' }]);
    expect(await issues({ list: [{ n: canary }] })).toEqual([{ path: 'list.0.n', rule: 'invalid_type' }]);
    expect(await issues([])).toEqual([{ path: 'body', rule: 'invalid_type' }]);
    expect(await issues({ either: { a: canary } })).toMatchObject([{ rule: expect.any(String) }]);
  });
  it('for twenty places at most', async () => {
    expect(await issues({ list: Array.from({ length: 100 }, () => ({})) })).toHaveLength(20);
  });
});

it('a value that is nested deeper than a schema can follow is the caller’s mistake, and none of ours', async () => {
  const value: unknown = JSON.parse(`{"json":${'['.repeat(10_000)}${']'.repeat(10_000)}}`);
  const checked = new ValidationPipe().transform(value, { type: 'body', schema: z.strictObject({ json: z.json() }) });
  await expect(checked).rejects.toMatchObject({
    code: 'input_invalid',
    members: { issues: [{ path: 'body', rule: 'too_deep' }] },
  });
});

describe('a body arrives as it was sent', () => {
  it.each(['{"constructor":"a"}', '{"prototype":{"a":1}}', '{"deep":[{"constructor":{"name":"a"},"prototype":1}]}'])(
    'with keys that Nest would have deleted: %s',
    async (data) => {
      const answer = await post(`{"data":${data}}`);
      expect(JSON.parse(answer.body).body).toEqual({ data: JSON.parse(data) });
    },
  );
  it('whatever JSON it is', () =>
    fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const data = JSON.parse(JSON.stringify(value));
        fc.pre(!/"__proto__"|"constructor"/.test(JSON.stringify(data)));
        expect((await post(JSON.stringify({ data }))).json().body).toEqual({ data });
      }),
      { numRuns: 50 },
    ));
  it('with its query coerced by the schema', async () => {
    expect((await post('{}', json, '/echo?limit=7')).json()).toEqual({ body: {}, query: { limit: 7 } });
  });
});

describe('the known part of a path', () => {
  const Node: z.ZodType = z.lazy(() => z.strictObject({ next: Node.optional(), value: z.int() }));
  const Schema = z.strictObject({
    plain: z
      .strictObject({ inner: z.int().default(1) })
      .readonly()
      .optional(),
    piped: z.strictObject({ a: z.string() }).transform(({ a }) => a),
    pair: z.tuple([z.strictObject({ first: z.int() })], z.strictObject({ more: z.int() })),
    both: z.intersection(z.looseObject({ left: z.int() }), z.looseObject({ right: z.int() })),
    node: Node,
    map: z.record(z.string(), z.strictObject({ inner: z.int() })),
    any: z.unknown(),
  });
  it.each([
    [['plain', 'inner'], 'plain.inner'],
    [['piped', 'a'], 'piped.a'],
    [['pair', 0, 'first'], 'pair.0.first'],
    [['pair', 3, 'more'], 'pair.3.more'],
    [['pair', 0, 'more'], 'pair.0'],
    [['both', 'left'], 'both.left'],
    [['both', 'right'], 'both.right'],
    [['node', 'next', 'next', 'value'], 'node.next.next.value'],
    [['map', 'inner', 'inner'], 'map'],
    [['any', 'plain'], 'any'],
    [['plain', 'toString'], 'plain'],
    [['__proto__'], ''],
    [[], ''],
  ] as [PropertyKey[], string][])('of %j is "%s"', (path, known) => expect(knownPath(Schema, path)).toBe(known));

  const ours = ['plain', 'inner', 'piped', 'a', 'pair', 'first', 'more', 'both', 'left', 'right', 'node', 'next', 'value', 'map', 'any']; // prettier-ignore
  it('never has a key of anybody else', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.nat(5), fc.constantFrom(...ours))), (path) => {
        const segments = knownPath(Schema, path).split('.').filter(Boolean);
        expect(segments.every((segment) => ours.includes(segment) || /^\d+$/.test(segment))).toBe(true);
      }),
    ));
});
