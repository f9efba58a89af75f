import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { mintDevToken } from '../../src/identity/dev-people.js';
import { formsOf, searchFolder, searchText } from '../../src/demo/canary-search.js';
import { ServiceProcess, type Answer } from '../service-process.js';

/**
 * Whoever reads all that a real service leaves behind, on disk, in its output, in its metrics and in its answers, finds
 * nothing of what was captured, by whatever way it was sent in: it is in the one answer that was granted, and nowhere else.
 */
const canary = 'canary-9d41c7';
const start = Date.UTC(2026, 5, 1);
let service: ServiceProcess;
let grant: string;
const answers: string[] = [];

const rrweb = (session: string, subject: string, data: object = { source: 5, text: canary, id: 7 }) => ({
  ...{ session, subject, format: 'rrweb', first: 0 },
  records: [{ time: start, data: { type: 3, data, timestamp: start } }],
});
const inFormat = (format: string, data: unknown) => ({ ...rrweb(`in-${format}`, 's1'), format, records: [{ time: start, data }] }); // prettier-ignore

async function ask(
  as: string | undefined,
  method: string,
  path: string,
  body?: unknown,
  headers = {},
): Promise<Answer> {
  const answer = await service.ask(as, method, path, body, headers);
  answers.push(`${JSON.stringify([...answer.headers])} ${answer.text}`);
  return answer;
}
const post = (body: unknown, headers = {}) => ask('source', 'POST', '/v1/records', body, headers);
const read = (as: string, session = 'known') => ask(as, 'POST', `/v1/grants/${grant}/disclosures`, { session });

/** What no client for HTTP would send: a head of these lines, and something behind it. */
async function raw(...lines: readonly string[]): Promise<{ status: number }> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.write(`${lines.join('\r\n')}\r\nhost: x\r\nx-${canary}: ${canary}\r\n\r\n${canary.repeat(100)}`);
  const said = await text(socket);
  answers.push(said);
  return { status: Number(said.split(' ')[1]) };
}
async function tooLarge(): Promise<{ status: number }> {
  const token = await mintDevToken(service.data, 'source');
  return raw('POST /v1/records HTTP/1.1', `authorization: Bearer ${token}`, 'content-type: application/json', 'content-length: 40000000'); // prettier-ignore
}

async function custos(...args: string[]): Promise<{ status: number; json: { request: string } }> {
  const { code, stdout, stderr } = await service.custos('--json', '--as', ...args);
  answers.push(stdout, stderr);
  return { status: code ?? -1, json: JSON.parse(stdout) };
}
async function recordingOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(service.folder, name);
  await writeFile(path, content);
  return path;
}
const ingest = async (name: string, content: string | Uint8Array, format: string) =>
  custos('source', 'ingest', await recordingOf(name, content), '--format', format, '--subject', 's1', '--session', name); // prettier-ignore

beforeAll(async () => {
  service = await ServiceProcess.start();
  await post(rrweb('known', 's1'));
  const made = await custos('researcher', 'request', 'create', '--session', 'known', '--field', 'typed', '--purpose', 'to see where it goes', '--records', '2000', '--disclosures', '5', '--for', '1h'); // prettier-ignore
  grant = made.json.request;
  for (const name of ['approver1', 'approver2']) await custos(name, 'approve', grant, '--yes');
  await ask('subject:s2', 'PUT', '/v1/subjects/s2/consent', { consent: 'refused' });
});
afterAll(() => service.remove());

const cast = `{"version":2,"width":80,"height":24,"timestamp":1767600000}\n[0.1,"o","${canary}"]\n`;
/** In this order: what comes in, what is asked for, and what is done when they are gone. */
const ways: readonly [what: string, go: () => Promise<{ status: number }>, status: number][] = [
  ['typed text', () => post(rrweb('more', 's1')), 200],
  ['text of a screen', () => post(inFormat('asciicast', [0.1, 'o', canary])), 200],
  ['a prompt', () => post(inFormat('messages', { role: 'user', content: canary })), 200],
  ['what no field names', () => post(inFormat('otlp', { [canary]: canary })), 200],
  ['a record that is not of its format', () => post(inFormat('swe-agent', canary)), 200],
  ['a record that cannot be stored', () => post(rrweb('odd', 's1', { source: 5, text: `${canary}\ud800`, id: 7 })), 200],
  ['a recording from the command line', () => ingest('walk.cast', cast, 'asciicast'), 0],
  ['one that was cut off', () => ingest('cut.json', `[{"type":3,"data":{"text":"${canary}`, 'rrweb'), 1],
  ['the post of a subject who refused', () => post(rrweb('refused', 's2')), 200],
  ['malformed JSON', () => post(`{"session":"${canary}`), 400],
  ['a broken gzip', () => post(canary, { 'content-encoding': 'gzip' }), 400],
  ['a body that is too large', tooLarge, 413],
  ['a format that there is not', () => post({ ...rrweb('x', 's1'), format: canary }), 422],
  ['an unknown key', () => post({ ...rrweb('x', 's1'), [canary]: canary }), 422],
  ['a gap', () => post({ ...rrweb('known', 's1'), first: 9 }), 409],
  ['a cloud event', () => post({ specversion: '1.0', id: '1', source: 'x', type: canary, data: canary }, { 'content-type': 'application/cloudevents+json' }), 422],
  ['a sealed batch that is none', () => ask('source', 'POST', '/v1/sealed-batches', { batch: canary }), 422],
  ['a media type', () => post(canary, { 'content-type': `text/x-${canary}` }), 415],
  ['a header', () => ask('auditor', 'GET', '/v1/sessions', undefined, { 'x-typed': canary, 'user-agent': canary, traceparent: canary, cookie: canary }), 200],
  ['a token', () => ask(undefined, 'GET', '/v1/sessions', undefined, { authorization: `Bearer ${canary}` }), 401],
  ['the id of a command', () => post(rrweb('x', 's1'), { 'idempotency-key': `${canary} !` }), 422],
  ['a path', () => ask('auditor', 'GET', `/v1/sessions/${canary}`), 404],
  ['a path that is no route', () => ask('auditor', 'GET', `/v1/${canary}/${encodeURIComponent(`\n${canary}`)}`), 404],
  ['a query', () => ask('auditor', 'GET', `/v1/sessions?after=${canary}&${canary}=1`), 422],
  ['a line that is no HTTP', () => raw(`GET /${canary} HTTP/9.9`), 400],
  ['a method that is none', () => raw(`${canary.toUpperCase()} / HTTP/1.1`), 400],
  ['a read by another researcher', () => read('researcher2'), 403],
  ['a read of what was not granted', () => read('researcher', 'more'), 403],
]; // prettier-ignore

describe('no canary is repeated to whoever sends it in, or asks for it, as', () => {
  it.each(ways)('%s', async (_what, go, status) => {
    const first = answers.length;
    expect((await go()).status).toBe(status);
    expect(answers.length).toBeGreaterThan(first);
    expect(answers.slice(first).flatMap((answer) => searchText(answer, canary))).toEqual([]);
  });
});

describe('a canary comes out', () => {
  it('in the one answer that was granted, once, and in none after an erasure', async () => {
    const released = await service.ask('researcher', 'POST', `/v1/grants/${grant}/disclosures`, { session: 'known' });
    expect({ status: released.status, found: searchText(released.text, canary) }).toEqual({
      status: 200,
      found: ['raw'],
    });
    expect((await ask('officer1', 'POST', '/v1/subjects/s1/erasure', {})).status).toBe(200);
    expect((await read('researcher')).status).toBe(410);
    expect((await post(rrweb('after', 's1'))).json).toMatchObject({ suppressed: 1 });
    expect(answers.flatMap((answer) => searchText(answer, canary))).toEqual([]);
  });

  it('in no file, while the service runs and when it has ended, in none of its lines and in no figure', async () => {
    const { text: metrics } = await ask(undefined, 'GET', '/metrics');
    const running = await searchFolder(service.data, canary);
    expect(await service.stop('SIGTERM')).toBe(0);
    const ended = await searchFolder(service.data, canary);
    for (const { finds, files } of [running, ended])
      expect({ finds, many: files > 500 }).toEqual({ finds: [], many: true });
    expect((await searchFolder(service.temporary, canary)).finds).toEqual([]);
    expect(searchText(service.said, canary)).toEqual([]);
    expect(searchText(metrics, canary)).toEqual([]);
    // They were at it, and said so.
    expect(service.said).toContain('answered');
    expect(metrics).toContain('/v1/records');
  });

  it('in each way of writing it, where one is planted: the search is not blind', async () => {
    const path = join(service.data, 'postgres', 'planted');
    for (const [form, bytes] of formsOf(canary)) {
      await writeFile(path, Buffer.concat([Buffer.alloc(100, 1), bytes, Buffer.alloc(3)]));
      expect((await searchFolder(service.data, canary)).finds).toEqual([{ path, form }]);
    }
  });
});
