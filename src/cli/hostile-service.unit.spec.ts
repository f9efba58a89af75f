import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { commands } from './commands.js';
import { run } from './program.js';

/** A service that says what it likes, in the form of an answer or not. What stands in `answers` is by its path. */
let server: Server;
let answers: Record<string, unknown>;
let out: string;
let err: string;

beforeEach(async () => {
  answers = {};
  [out, err] = ['', ''];
  server = createServer((request, response) => {
    const answer = answers[(request.url as string).split('?')[0] as string];
    response.writeHead(answer === undefined ? 404 : 200);
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env['CUSTOS_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});
afterEach(async () => {
  jest.restoreAllMocks();
  delete process.env['CUSTOS_URL'];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const custos = (...args: string[]) => run(args, commands);

describe('the exit code is not 0', () => {
  it('where a table was not what the log gives', async () => {
    const differs = { projection: 'releases', position: 7, stopped: null, differences: [4] };
    answers['/v1/history/replay'] = { ok: false, projections: [differs] };
    expect(await custos('history', 'replay', '--check')).toBe(1);
    expect(out).toContain('differs at 4');
  });
});
