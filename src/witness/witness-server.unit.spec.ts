import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { cosignaturesOn } from '../merkle/cosignature.js';
import { cosigner, knownLog, logSigner, PaperLog, witnessSigner } from './paper-log.spec.js';
import { originId, WitnessMemory } from './witness-memory.js';
import { serveWitness, type RunningServer } from './witness-server.js';
import { Witness } from './witness.js';

const log = PaperLog.of(20);
let folder: string;
let memory: WitnessMemory;
let server: RunningServer;
let broken: Error | undefined;
let failures: unknown[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'custos-witness-'));
  memory = await WitnessMemory.open(folder);
  const told = { cosigned: () => undefined, refused: () => undefined, misbehaved: () => undefined };
  const witness = await Witness.start({ signer: witnessSigner, logs: [knownLog], memory, told, clock: Date.now });
  broken = undefined;
  failures = [];
  server = await serveWitness(
    {
      witness,
      origins: [knownLog.origin],
      registry: new Registry(),
      ready: async () => {
        if (broken !== undefined) throw broken;
      },
      failed: (error) => failures.push(error),
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterEach(async () => {
  await server.close();
  await memory.close();
  await rm(folder, { recursive: true });
});

async function ask(path: string, body?: string) {
  const answer = await fetch(server.url + path, body === undefined ? {} : { method: 'POST', body });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}
const add = (body: string) => ask('/add-checkpoint', body);
const notePath = `/${originId(knownLog.origin)}/checkpoint`;

describe('add-checkpoint answers, as C2SP tlog-witness has it', () => {
  it('200 and the signature line, which together with what was sent is a note', async () => {
    const { status, text } = await add(await log.body(0, 5));
    expect(status).toBe(200);
    expect(text).toMatch(/^— witness\.example\/w1 [A-Za-z0-9+/]+={0,2}\n$/);
    expect(cosignaturesOn(log.checkpoint(5) + text, [cosigner])).toHaveLength(1);
  });

  it('409 and the size that was cosigned last, in the type that says so', async () => {
    await add(await log.body(0, 5));
    for (const body of [await log.body(0, 9), await log.body(4, 9), await log.body(7, 9), await log.body(0, 3)]) {
      expect(await add(body)).toEqual({ status: 409, type: 'text/x.tlog.size', text: '5\n' });
    }
  });

  it('409 with 0 where nothing was cosigned yet', async () => {
    expect(await add(await log.body(4, 9))).toEqual({ status: 409, type: 'text/x.tlog.size', text: '0\n' });
  });

  it('409, and no size, to another root of that size', async () => {
    await add(await log.body(0, 5));
    const { status, type } = await add(await log.forkedAt(2).body(5, 5));
    expect({ status, type }).toEqual({ status: 409, type: 'text/plain; charset=utf-8' });
  });

  it.each<[status: number, what: string, body: () => string | Promise<string>]>([
    [400, 'nonsense', () => 'nonsense'],
    [400, 'an old size that is larger', () => log.body(9, 5)],
    [403, 'another key', async () => (await log.body(5, 9)).replace(log.checkpoint(9), log.checkpoint(9, { ...witnessSigner, name: logSigner.name }))], // prettier-ignore
    [404, 'another origin', async () => (await log.body(5, 9)).replaceAll(logSigner.name, 'example.com/other')],
    [413, 'more than a note can be', () => `old 5\n\n${'x'.repeat(80_000)}`],
    [422, 'another history', () => log.forkedAt(2).body(5, 9)],
  ])('%d to %s, in words that repeat nothing', async (status, _what, body) => {
    await add(await log.body(0, 5));
    const answer = await add(await body());
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/nonsense|other|xxx|custos/);
    expect((await ask(notePath)).text).toContain('\n5\n');
  });

  it('500, and cosigns nothing, once its folder is taken', async () => {
    await rm(join(folder, 'lock'));
    expect(await add(await log.body(0, 5))).toMatchObject({ status: 500, text: 'nothing was cosigned\n' });
    expect(failures).toMatchObject([{ code: 'data_in_use' }]);
    expect((await ask(notePath)).status).toBe(404);
  });

  it('one request after the other on one connection', async () => {
    const bodies = [await log.body(0, 5), await log.body(5, 9)];
    const socket = createConnection(Number(new URL(server.url).port), '127.0.0.1');
    const requests = bodies.map((body) => `POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`); // prettier-ignore
    socket.write(requests.join(''));
    let said = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      said += chunk.toString();
      if (said.match(/^— /gm)?.length === 2) break;
    }
    expect(said.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });
});

describe('whoever asks', () => {
  it('is given the checkpoint that was cosigned last, and 404 before there is one', async () => {
    expect((await ask(notePath)).status).toBe(404);
    const { text } = await add(await log.body(0, 5));
    expect(await ask(notePath)).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      text: log.checkpoint(5) + text,
    });
  });

  it('is told whether the witness is ready, and not why it is not', async () => {
    expect((await ask('/health/live')).status).toBe(200);
    expect((await ask('/health/ready')).status).toBe(200);
    broken = new Error('the reason');
    expect(await ask('/health/ready')).toMatchObject({ status: 503, text: '{"status":"not_ready"}\n' });
    expect((await ask('/metrics')).status).toBe(200);
    for (const path of ['/', '/add-checkpoint', '/x/checkpoint', `${notePath}/`]) {
      expect((await ask(path)).status).toBe(404);
    }
    expect((await ask(notePath, 'x')).status).toBe(404);
  });
});
