import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transitSeal } from './transit.js';

/** What a real server does is tried with one (test/openbao.sys.spec.ts); here is what none should answer. */
let dir: string;
let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const asked: string[] = [];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'custos-transit-'));
  await writeFile(join(dir, 'token'), 'secret-token\n');
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

const opened = () => {
  const { port } = server.address() as { port: number };
  const settings = {
    url: `http://127.0.0.1:${port}`,
    mount: 'team/transit',
    key: 'a key',
    tokenFile: join(dir, 'token'),
  };
  return transitSeal(settings).open('vault:v1:sealed');
};
const json = (status: number, body: unknown) => () => {
  answer = (_request, response) => void response.writeHead(status).end(JSON.stringify(body));
};

it('what it asks stands in the path, escaped', async () => {
  json(200, { data: { plaintext: Buffer.from('text').toString('base64') } })();
  expect(await opened()).toBe('text');
  expect(asked).toEqual(['POST /v1/team/transit/decrypt/a%20key']);
});

describe('an answer is not taken', () => {
  it.each<[string, () => void]>([
    ['of another status, whatever is in it', json(203, { data: { plaintext: 'dGV4dA==' } })],
    ['that refuses', json(403, { errors: ['permission denied for secret-token'] })],
    ['without the plaintext', json(200, { data: {} })],
    ['whose plaintext is no base64', json(200, { data: { plaintext: '***' } })],
    ['that is no JSON', () => (answer = (_request, response) => void response.end('secret-token'))],
    ['that is too long', () => (answer = (_request, response) => void response.end('x'.repeat(1_000_000)))],
    [
      'that is cut off',
      () => (answer = (_request, response) => void response.writeHead(200, { 'content-length': 9 }).end('{').destroy()),
    ],
    [
      'that leads elsewhere',
      () => (answer = (_request, response) => void response.writeHead(307, { location: '/other' }).end()),
    ],
  ])('%s, and nothing of it is repeated', async (_what, prepare) => {
    prepare();
    asked.length = 0;
    const failed = (await opened().catch((error: unknown) => error)) as Error;
    expect(failed).toMatchObject({ code: 'root_key_unavailable' });
    expect(`${failed.message} ${failed.stack} ${JSON.stringify(failed)} ${String(failed.cause)}`).not.toContain(
      'secret-token',
    );
    expect(asked).toHaveLength(1);
  });
});
