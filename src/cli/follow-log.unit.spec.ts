import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from './client.js';
import { followLog } from './follow-log.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: http.Server;
let asked: string[];
/** Answers the first request with the first of these, and so on; the last one answers the rest. */
async function follow(from: number, ...answers: readonly [Answer, ...Answer[]]) {
  server = http.createServer((request, response) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] as Answer;
    asked.push(request.url ?? '');
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return followLog(() => Promise.resolve(createClient({ url })), from);
}
beforeEach(() => (asked = []));
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const lines = (...positions: number[]) => positions.map((position) => `${JSON.stringify({ position })}\n`).join('');
const ends =
  (text: string): Answer =>
  (_request, response) =>
    response.end(text);
const breaksOff =
  (text: string): Answer =>
  (_request, response) =>
    response.write(text, () => response.destroy());
const refuses: Answer = (_request, response) =>
  response.writeHead(403, { 'content-type': 'application/problem+json' }).end('{"code":"role_missing","title":"no"}');

async function take(entries: AsyncGenerator<Record<string, unknown>>, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < count) taken.push((await entries.next()).value?.['position']);
  await entries.return(undefined);
  return taken;
}

describe('following the log', () => {
  it('does not go past an entry that the service left out, or sent twice', async () => {
    const gap = await follow(3, ends(lines(3, 5)));
    await gap.next();
    await expect(gap.next()).rejects.toMatchObject({ code: 'not_verified', members: { problems: [{ position: 4 }] } });
  });

  it('ends with a refusal', async () => {
    const entries = await follow(0, ends(lines(0)), refuses);
    await entries.next();
    await expect(entries.next()).rejects.toMatchObject({ body: { code: 'role_missing' } });
  });

  it('comes back for the next position where an answer ended, or was cut off in the middle of a line', async () => {
    const entries = await follow(
      7,
      ends(`\n${lines(7, 8)}\n\n`),
      breaksOff(`${lines(9)}{"position":1`),
      ends(lines(10, 11)),
    );
    expect(await take(entries, 5)).toEqual([7, 8, 9, 10, 11]);
    expect(asked.map((url) => new URL(url, 'http://x').searchParams.get('from'))).toEqual(['7', '9', '10']);
    expect(asked.every((url) => url.includes('follow=true'))).toBe(true);
  });
});
