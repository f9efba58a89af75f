import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { activitywatchExport, balabit, cloudEvents } from '../src/capture/formats/made-recordings.spec.js';
import { ServiceProcess } from './service-process.js';

let service: ServiceProcess;
beforeAll(async () => {
  service = await ServiceProcess.start();
});
afterAll(() => service.remove());

const custos = async (...args: string[]) => {
  const { code, stdout } = await service.custos('--json', ...args);
  return { code, answer: stdout === '' ? undefined : JSON.parse(stdout) };
};
const ingest = (file: string, session: string, ...more: string[]) =>
  custos('--as', 'source', 'ingest', file, '--subject', 'anna', '--session', session, ...more);
async function saved(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(service.folder, name);
  await writeFile(path, content);
  return path;
}

describe('a recording, told by its beginning, is stored once, and read as a recording of its format', () => {
  const agentnet = '{"time_stamp":1.5,"action":"press","name":"k","pynput_key":"<75>","event_idx":0}\n'.repeat(3);
  const ndjson = cloudEvents.map((event) => `${JSON.stringify(event)}\n`).join('');
  it.each<[string, string, number, string[], (file: string) => void]>([
    ['agentnet', agentnet, 3, ['typed'], (file) => expect(file).toContain('"name":"k"')],
    ['mouse-csv', balabit, 7, ['pointer'], (file) => expect(file).toMatch(/^record timestamp|^client timestamp/)],
    ['activitywatch', activitywatchExport, 14, ['window'], (file) => expect(JSON.parse(file).buckets.masked.events).toHaveLength(5)],
    ['cloudevents', ndjson, 9, ['typed', 'kind'], (file) => expect(file).toMatch(/"specversion":"1.0".*my own password/)],
  ])('%s', async (format, recording, count, fields, check) => {
    const path = await saved(`${format}.recording`, recording);
    expect((await ingest(path, format)).answer).toMatchObject({ accepted: count, duplicate: 0, rejected: 0 });
    expect((await ingest(path, format)).answer).toMatchObject({ accepted: 0, duplicate: count });
    expect((await custos('--as', 'auditor', 'session', 'show', format)).answer).toMatchObject({ format, records: count });
    const masked = await read(format, fields);
    check(masked);
    expect(masked).not.toMatch(/laptop-of-anna|1043,410.*pressed|a question of mine/);
  }); // prettier-ignore

  it('broken off, and sent again', async () => {
    const path = await saved('again.jsonl', agentnet.repeat(300));
    const records = Array.from({ length: 250 }, () => ({
      time: 1,
      data: JSON.parse(agentnet.split('\n', 1)[0] as string),
    }));
    const about = { session: 'again', subject: 'anna', format: 'agentnet', first: 0 };
    expect((await service.ask('source', 'POST', '/v1/records', { ...about, records })).json).toMatchObject({
      accepted: 250,
    });
    expect((await ingest(path, 'again')).answer).toMatchObject({ accepted: 650, duplicate: 250 });
  });

  it('in gzip too', async () => {
    const path = await saved('packed.csv.gz', gzipSync(balabit));
    expect((await ingest(path, 'packed')).answer).toMatchObject({ accepted: 7 });
  });
});

it('a recording of no format that is known is refused, and the formats are named', async () => {
  const { code, answer } = await ingest(await saved('unknown.txt', 'canary-1f77 of nothing\n'), 'unknown');
  expect(code).toBe(2);
  expect(answer).toMatchObject({ code: 'usage', issues: [{ path: '--format' }] });
  expect(answer.issues[0].rule).toMatch(/rrweb, .*agentnet, mouse-csv, activitywatch, video, cloudevents/);
  expect(JSON.stringify(answer)).not.toContain('canary');
});

describe('CloudEvents over HTTP', () => {
  const event = (id: number, more = {}): Record<string, unknown> => ({
    ...cloudEvents[1],
    id: `e${id}`,
    subject: 'anna',
    custossession: 'events',
    ...more,
  });
  const post = async (type: string, body: unknown, headers = {}) =>
    (await service.ask('source', 'POST', '/v1/records', body, { 'content-type': type, ...headers })).json;
  const [one, batch] = ['application/cloudevents+json; charset=utf-8', 'application/cloudevents-batch+json'];

  it('are stored once, in each of the three modes, whether they say their place or not', async () => {
    const first = await post(one, event(0));
    expect(first).toMatchObject({ accepted: 1, next: 1 });
    expect(await post(one, event(0))).toEqual(first);
    expect(await post(batch, [event(1), event(2)])).toMatchObject({ accepted: 2, next: 3 });
    const placed = [event(2, { sequence: '2' }), event(3, { sequence: '3' })];
    expect(await post(batch, placed)).toMatchObject({ accepted: 1, duplicate: 1, next: 4 });
    const headers = {
      specversion: '1.0',
      id: 'e4',
      source: '/a',
      type: 'custos.record.rrweb',
      subject: 'anna',
      custossession: 'events',
    };
    const asHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`ce-${name}`, value]));
    expect(await post('application/json', event(4)['data'], asHeaders)).toMatchObject({ accepted: 1, next: 5 });
    expect((await custos('--as', 'auditor', 'session', 'show', 'events')).answer).toMatchObject({
      records: 5,
      format: 'cloudevents',
    });
  });
  it.each([
    ['that are none', batch, [{ id: 'x' }], 'input_invalid'],
    ['of nobody', one, event(9, { subject: undefined }), 'input_invalid'],
    ['of another subject', one, event(9, { subject: 'ben' }), 'session_conflict'],
    ['past the end', one, event(9, { sequence: '99' }), 'sequence_gap'],
    ['with a key that reaches a prototype', one, `{"data":{"__proto__":{}}}`, 'body_malformed'],
  ])('are refused: %s', async (_what, type, body, code) => {
    expect(await post(type, body)).toMatchObject({ code });
  });
});

/** The masked recording, under a grant on these fields. */
async function read(session: string, fields: readonly string[]): Promise<string> {
  const scope = ['--session', session, '--subject', 'anna', ...fields.flatMap((field) => ['--field', field])];
  const most = ['--records', '1000', '--disclosures', '2', '--for', '1h'];
  const times = ['--from', '2000-01-01T00:00:00Z', '--to', '2100-01-01T00:00:00Z'];
  const asked = await custos(
    '--as',
    'researcher',
    'request',
    'create',
    ...scope,
    ...times,
    '--purpose',
    'a test of masks',
    ...most,
  );
  for (const name of ['approver1', 'approver2']) await custos('--as', name, 'approve', asked.answer.request, '--yes');
  const path = join(service.folder, `${session}.masked`);
  const { code } = await custos(
    '--as',
    'researcher',
    'read',
    asked.answer.request,
    '--session',
    session,
    '--recording',
    path,
  );
  expect(code).toBe(0);
  return readFile(path, 'utf8');
}
