import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from './client.js';
import { exitCodeOf } from './report-error.js';
import { inMemory } from './cut-recording.js';
import { sendPlain, sendRecords } from './send-records.js';

let server: Server;
let url: string;
let keys: (string | undefined)[];
let answers: ((response: ServerResponse, request: IncomingMessage, body: string) => void)[];

beforeEach(async () => {
  keys = [];
  answers = [];
  server = createServer((request, response) => {
    keys.push(request.headers['idempotency-key'] as string | undefined);
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => (answers.shift() ?? ok({}))(response, request, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const ok = (value: unknown) => (response: ServerResponse) => void response.end(JSON.stringify(value));
const refuse =
  (status: number, problem: object, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(JSON.stringify(problem));
const busy = refuse(503, { code: 'log_busy', title: 'Busy' }, { 'retry-after': '0' });
const reset = (response: ServerResponse) => void response.destroy();

describe('a write that is tried again', () => {
  it('keeps its command id after a busy log and after a broken connection', async () => {
    answers = [busy, reset, ok({ done: true })];
    await expect(createClient({ url }).post('/v1/x', {})).resolves.toEqual({ done: true });
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[A-Za-z0-9._:-]{8,128}$/);
  });

  it('gets another one for another intent', async () => {
    const client = createClient({ url });
    await client.post('/v1/x', {});
    await client.put('/v1/x', {});
    expect(new Set(keys).size).toBe(2);
  });

  it('is given up after five attempts, with what the service said', async () => {
    answers = Array.from({ length: 6 }, () => busy);
    await expect(createClient({ url }).post('/v1/x', {})).rejects.toMatchObject({ body: { code: 'log_busy' } });
    expect(keys).toHaveLength(5);
  });

  it('is of unknown outcome if no attempt was answered', async () => {
    answers = Array.from({ length: 5 }, () => reset);
    await expect(createClient({ url }).post('/v1/x', {})).rejects.toMatchObject({ code: 'outcome_unknown' });
  });
});

describe('a refusal', () => {
  it('is passed on with members that we do not know, and is not tried again', async () => {
    const problem = { code: 'disclosure_denied', title: 'Nothing was released', rules: ['a'], later: { x: 1 } };
    answers = [refuse(403, problem)];
    await expect(createClient({ url }).post('/v1/x', {})).rejects.toMatchObject({ body: problem });
    expect(keys).toHaveLength(1);
  });
});

describe('a service that does not answer', () => {
  it('is unreachable, and exits with 2', async () => {
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const error = await createClient({ url: `http://127.0.0.1:${port}` })
      .post('/v1/x', {})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'service_unreachable' });
    expect(exitCodeOf(error)).toBe(2);
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
});

describe('records are sent', () => {
  const about = { session: 's', subject: 'a', format: 'rrweb' };
  const records = (count: number) => inMemory(Array.from({ length: count }, (_, time) => ({ time, data: {} })));
  const sent: { first: number; count: number }[] = [];
  const accept = (response: ServerResponse, _request: IncomingMessage, body: string) => {
    const { first, records: all } = JSON.parse(body) as { first: number; records: unknown[] };
    sent.push({ first, count: all.length });
    const position = first === 0 ? 7 : null;
    const counts = { accepted: all.length, duplicate: 0, suppressed: 0, rejected: 0 };
    response.end(JSON.stringify({ ...counts, position, next: first + all.length }));
  };

  it('in posts of at most 500, and on from where the service expects them', async () => {
    sent.length = 0;
    answers = [accept, refuse(409, { code: 'sequence_gap', title: 'Gap', expected: 300 }), accept, accept];
    const sums = await sendRecords(about.session, records(501), sendPlain(createClient({ url }), about));
    expect(sent).toEqual([
      { first: 0, count: 500 },
      { first: 300, count: 201 },
    ]);
    expect(sums).toMatchObject({ accepted: 701, position: 7 });
  });

  it('not for ever, if the service keeps finding a gap', async () => {
    answers = Array.from({ length: 20 }, (_, i) =>
      refuse(409, { code: 'sequence_gap', title: 'Gap', expected: (i % 2) + 1 }),
    );
    await expect(sendRecords(about.session, records(5), sendPlain(createClient({ url }), about))).rejects.toMatchObject(
      {
        body: { code: 'sequence_gap' },
      },
    );
    expect(keys.length).toBeLessThan(10);
  });
});

describe('the receipts of a write', () => {
  it('go to whoever keeps them, and not into the answer', async () => {
    answers = [ok({ done: true, receipts: ['one', 'two'] })];
    const kept: unknown[] = [];
    const client = createClient({ url, keep: async (receipts) => void kept.push(...receipts) });
    await expect(client.post('/v1/x', {})).resolves.toEqual({ done: true });
    expect(kept).toEqual(['one', 'two']);
  });

  it('make it fail if they cannot be kept', async () => {
    answers = [ok({ done: true, receipts: ['forged'] })];
    const keep = () => Promise.reject(new Error('not verified'));
    await expect(createClient({ url, keep }).put('/v1/x', {})).rejects.toThrow('not verified');
  });
});
