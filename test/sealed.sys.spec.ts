import { readFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ServiceProcess } from './service-process.js';

/** `custos ingest --seal-at-source`, with somebody on the line who keeps every byte. */
let service: ServiceProcess;
let line: Line;
beforeAll(async () => {
  service = await ServiceProcess.start();
  line = await Line.to(service.url);
});
afterAll(async () => {
  await line.close();
  await service.remove();
});

const recording = 'examples/sign-up.rrweb.json';
const custos = async (...args: string[]) => {
  const { code, stdout } = await service.custos('--json', ...args);
  return { code, answer: stdout === '' ? undefined : JSON.parse(stdout) };
};
const ingest = (session: string, ...more: string[]) =>
  custos('--as', 'source', 'ingest', recording, '--format', 'rrweb', '--subject', 's1', '--session', session, ...more);
/** Through the line, to the same service. */
async function sealed(session: string, ...more: string[]) {
  const direct = service.url;
  service.url = line.url;
  try {
    return await ingest(session, '--seal-at-source', ...more);
  } finally {
    service.url = direct;
  }
}
const show = async (session: string) => (await custos('--as', 'auditor', 'session', 'show', session)).answer;

it('what is sealed at its source is read as what is not, and nothing that can be read crosses the line', async () => {
  const canaries = await readFile(join(process.cwd(), 'examples/canaries.json'), 'utf8');
  const planted = (JSON.parse(canaries) as { canary: string; file: string }[])
    .filter(({ file }) => recording.endsWith(file))
    .map(({ canary }) => canary);
  const plain = await ingest('plain');
  const here = await sealed('here');
  expect(here.answer).toEqual({ ...plain.answer, session: 'here', position: here.answer.position });
  expect(here.answer).toMatchObject({ accepted: 336, duplicate: 0, suppressed: 0, rejected: 0 });

  expect(planted.length).toBeGreaterThan(2);
  const crossed = Buffer.concat(line.kept).toString('latin1');
  expect(crossed).toContain('"sealedKey"');
  for (const secret of planted) {
    expect((await readFile(join(process.cwd(), recording), 'utf8')).includes(secret)).toBe(true);
    expect(crossed.includes(secret)).toBe(false);
  }
  const [one, other] = [await show('plain'), await show('here')];
  expect(other).toMatchObject({ records: one.records, from: one.from, to: one.to, format: 'rrweb' });
  expect(other.fields.map(({ field }: { field: string }) => field)).toEqual(one.fields.map(({ field }: { field: string }) => field)); // prettier-ignore
  expect(await read('here')).toBe(await read('plain'));
  expect((await custos('verify')).answer).toMatchObject({ ok: true, problems: [] });
});

it('broken off it is sent again, and nothing is stored twice', async () => {
  const whole = (await show('here')).records;
  line.breakAfter(2);
  expect(await sealed('again')).toMatchObject({ code: 2 });
  expect(await sealed('again')).toMatchObject({ code: 0, answer: { accepted: 0, duplicate: whole } });
  expect((await show('again')).records).toBe(whole);
});

it('a key that is not the source’s, or a trust file of somebody else, is refused, and nothing is stored', async () => {
  const key = join(service.data, 'people', 'officer1.key.json');
  expect(await sealed('unknown', '--key', key)).toMatchObject({ code: 1, answer: { code: 'source_key_unknown' } });
  line.answer = (text) => text.replace(/"attestation":"...../, '"attestation":"AAAAA');
  expect(await sealed('unknown')).toMatchObject({ code: 1, answer: { code: 'not_verified', problems: [{ check: 'key_not_attested' }] } }); // prettier-ignore
  line.answer = (text) => text.replace('"origin":"custos.example/dev"', '"origin":"custos.example/other"');
  expect(await sealed('unknown')).toMatchObject({ answer: { code: 'not_verified', problems: [{ check: 'origin' }] } });
  line.answer = undefined;
  expect(await show('unknown')).toMatchObject({ code: 'session_unknown' });
});

it('a byte that changes on the way is told, and nothing is stored', async () => {
  line.ask = (text) => text.replace(/("field":"typed","sha256":"[0-9a-f]+","sealed":".{80})(.)/, (_all, before, one) => before + (one === 'A' ? 'B' : 'A')); // prettier-ignore
  expect(await sealed('tampered')).toMatchObject({ code: 1, answer: { code: 'column_changed' } });
  line.ask = undefined;
  expect(await show('tampered')).toMatchObject({ code: 'session_unknown' });
});

it('of who refuses only the number is told: there is no key to seal to', async () => {
  const consent = { consent: 'refused' };
  expect((await service.ask('subject:s9', 'PUT', '/v1/subjects/s9/consent', consent)).status).toBe(200);
  line.kept.length = 0;
  const direct = service.url;
  service.url = line.url;
  const refused = await custos('--as', 'source', 'ingest', recording, '--subject', 's9', '--session', 'refused', '--seal-at-source'); // prettier-ignore
  service.url = direct;
  expect(refused.answer).toMatchObject({ accepted: 0, suppressed: 336 });
  expect(Buffer.concat(line.kept).toString('latin1')).not.toContain('"sealed"');
});

/** The masked recording, under a grant on two fields. */
async function read(session: string): Promise<string> {
  const asked = await custos(
    ...['--as', 'researcher', 'request', 'create', '--session', session, '--subject', 's1'],
    ...['--field', 'typed', '--field', 'screen', '--from', '2000-01-01T00:00:00Z', '--to', '2100-01-01T00:00:00Z'],
    ...['--purpose', 'a test of sealing', '--records', '1000', '--disclosures', '2', '--for', '1h'],
  );
  for (const name of ['approver1', 'approver2']) await custos('--as', name, 'approve', asked.answer.request, '--yes');
  const path = join(service.folder, `${session}.masked`);
  const { code } = await custos('--as', 'researcher', 'read', asked.answer.request, '--session', session, '--recording', path); // prettier-ignore
  expect(code).toBe(0);
  return readFile(path, 'utf8');
}

/** A proxy that keeps what crosses it, changes it where a test says so, and can break off. */
class Line {
  readonly kept: Buffer[] = [];
  ask: ((text: string) => string) | undefined;
  answer: ((text: string) => string) | undefined;
  private left = Infinity;

  private constructor(
    private readonly server: http.Server,
    private readonly target: string,
  ) {}

  static async to(target: string): Promise<Line> {
    const server = http.createServer();
    const opened = new Line(server, target);
    server.on('request', (request, response) => void opened.pass(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return opened;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The service gets so many requests more; the answer to the last of them is lost, and so is everything after it. */
  breakAfter(requests: number): void {
    this.left = requests;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    this.kept.push(body);
    const headers = Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)); // prettier-ignore
    const sent = this.ask === undefined ? body : Buffer.from(this.ask(body.toString()));
    this.left -= 1;
    if (this.left >= 0) {
      const answer = await fetch(`${this.target}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers: Object.fromEntries(headers) as Record<string, string>,
        ...(request.method === 'GET' ? {} : { body: sent }),
      });
      const text = await answer.text();
      if (this.left > 0) {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
        response.end(this.answer === undefined ? text : this.answer(text));
        return;
      }
    }
    // Not a lost connection, which is tried again: the proxy itself gives up, and is back for the next run.
    response.writeHead(500);
    response.end();
    this.left = Infinity;
  }
}
