import { BadRequestException, Controller, Get, NotFoundException } from '@nestjs/common';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { describeError } from './describe-error.js';
import { Anyone } from './may-ask.js';
import { canary, startTestApp, type TestApp } from './test-app.spec.js';

class RowError extends Error {
  readonly code = '23505';
  readonly detail = `Key (subject)=(${canary}) already exists.`;
}

@Controller('fails')
class FailingController {
  @Get('row')
  @Anyone()
  row() {
    throw new RowError(`duplicate ${canary}`, { cause: Object.assign(new TypeError(canary), { code: 'ECONNRESET' }) });
  }
  @Get('parse')
  @Anyone()
  parse() {
    return JSON.parse(`{"${canary}`);
  }
  @Get('stored')
  @Anyone()
  stored() {
    return z.strictObject({}).parse({ [canary]: 1 });
  }
  @Get('status')
  @Anyone()
  status() {
    throw Object.assign(new Error(canary), { statusCode: 404, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' });
  }
  @Get('nest')
  @Anyone()
  nest() {
    throw new BadRequestException(canary, { cause: new Error(canary) });
  }
  @Get('text')
  @Anyone()
  text() {
    throw canary;
  }
  @Get('nothing')
  @Anyone()
  nothing() {
    return Promise.reject(undefined);
  }
  @Get('unavailable')
  @Anyone()
  unavailable() {
    throw new Problem('log_unavailable', { retryAfterSeconds: 7 }, { cause: new RowError(canary) });
  }
  @Get('gone')
  @Anyone()
  gone() {
    throw new Problem('subject_erased', { position: 12 });
  }
  @Get('missing')
  @Anyone()
  missing() {
    throw new NotFoundException(canary);
  }
}

let test: TestApp;
beforeAll(async () => {
  test = await startTestApp([FailingController]);
});
afterAll(() => test.close());

const get = async (url: string) => {
  const answer = await test.app.inject({ method: 'GET', url });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(answer.body + JSON.stringify(answer.headers) + test.logText()).not.toContain(canary);
  return answer;
};

describe('an error that nobody foresaw', () => {
  it.each(['row', 'parse', 'stored', 'status', 'nest', 'text', 'nothing'])(
    'is answered and logged without a value: %s',
    async (name) => {
      const answer = await get(`/fails/${name}`);
      expect(answer.json()).toEqual(expect.objectContaining({ code: 'internal', status: 500 }));
      const { incident } = answer.json() as { incident: string };
      expect(incident).toMatch(/^[0-9a-f-]{36}$/);
      expect(test.lines().filter((line) => line['incident'] === incident)).toHaveLength(1);
    },
  );

  it('is logged with its class, its code, where it was thrown, and the same of its cause', async () => {
    const { incident } = (await get('/fails/row')).json() as { incident: string };
    const [line] = test.lines().filter((one) => one['incident'] === incident);
    expect(line).toMatchObject({ msg: 'internal', error: 'RowError', code: '23505' });
    expect(line?.['frames']).toContainEqual(expect.stringMatching(/^src\/http\/problem\.filter\.unit\.spec\.ts:\d+$/));
    expect(line?.['cause']).toMatchObject({ error: 'TypeError', code: 'ECONNRESET' });
  });

  it('shares its request id with the line of its request', async () => {
    const { incident } = (await get('/fails/row')).json() as { incident: string };
    const [line] = test.lines().filter((one) => one['incident'] === incident);
    const both = test.lines().filter((one) => one['request'] === line?.['request']);
    expect(both.map(({ msg }) => msg)).toEqual(['internal', 'answered']);
  });
});

describe('a problem', () => {
  it('of ours is logged with its members and the code of its cause, and says when to come back', async () => {
    const answer = await get('/fails/unavailable');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '7']);
    expect(test.lines()).toContainEqual(
      expect.objectContaining({
        msg: 'failed',
        code: 'log_unavailable',
        cause: expect.objectContaining({ code: '23505' }),
      }),
    );
  });
  it('of the caller is answered and is no failure in the log', async () => {
    expect((await get('/fails/gone')).json()).toEqual(new Problem('subject_erased', { position: 12 }).toJSON());
    expect(test.logText()).not.toContain('subject_erased');
  });
  it.each([
    `/${canary}`,
    `/fails/row/${canary}`,
    `/fails/%${canary}`,
    `/fails/${canary.repeat(100)}`,
    '/fails/missing',
  ])('is the same for every address that is no route: %s', async (url) =>
    expect((await get(url)).json()).toEqual(new Problem('route_unknown').toJSON()),
  );
  it('keeps its headers where the router itself refuses', async () => {
    expect((await get('/fails/%zz')).headers).toMatchObject({ 'cache-control': 'no-store' });
  });
});

describe('the description of an error has', () => {
  const text = (error: unknown) => JSON.stringify(describeError(error));
  const forge = (message: string) =>
    new Error(`${message}\n    at ${canary} (src/${canary}.ts:1:1)\n    at src/${canary}.ts:2:2`);

  it('no frame that its message made up', () => expect(text(forge('x'))).not.toContain(canary));
  it('no frame at all, if its message was changed since', () => {
    const error = forge('x');
    void error.stack; // Some runtimes write the stack when it is first read.
    error.message = 'y';
    expect(describeError(error).frames).toEqual([]);
  });
  it('no name or code that was put into it', () =>
    expect(text(Object.assign(new Error('x'), { name: canary, code: canary }))).not.toContain(canary));
  it('no cause of a cause of a cause of a cause', () => {
    let error = new Error('innermost');
    for (let depth = 0; depth < 20; depth += 1) error = new Error('x', { cause: error });
    expect(text(error).match(/"error"/g)).toHaveLength(4);
  });
  it.each(['23505', '08P01', 'ECONNREFUSED', 'ERR_INVALID_ARG_TYPE', 'FST_ERR_BAD_URL', 'log_corrupt'])(
    'the code %s',
    (code) => expect(describeError(Object.assign(new Error('x'), { code }))).toMatchObject({ code }),
  );
  it.each(['SMITH', 'smith', 'Smith_1', '', 42])('not the code %j', (code) =>
    expect(describeError(Object.assign(new Error('x'), { code }))).not.toHaveProperty('code'),
  );
});
