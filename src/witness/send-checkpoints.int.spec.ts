import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { formatCosignerKey, cosign, parseCosignerKey } from '../merkle/cosignature.js';
import { ed25519Signer } from '../merkle/note.js';
import { append, consent, origin, TestLog, verifiers } from '../log/test-log.spec.js';
import { askAtStart } from './ask-at-start.js';
import { askToCosign, lastCosigned } from './ask-witness.js';
import { witnessSigner } from './paper-log.spec.js';
import { sendCheckpoints, type Sending, type WitnessStatus } from './send-checkpoints.js';
import { WitnessMemory } from './witness-memory.js';
import { serveWitness, type RunningServer } from './witness-server.js';
import { Witness } from './witness.js';
import type { TrustedWitness } from './witnesses.js';

const known = { origin, verifiers };
const cosigner = parseCosignerKey(formatCosignerKey(witnessSigner.name, witnessSigner.publicKey));
const everyMs = 10;

let test: TestLog;
let folder: string;
let memory: WitnessMemory;
let witness: Witness;
let server: RunningServer;
let trusted: TrustedWitness;
let sendings: Sending[];
/** What was told, and whoever waits for a state to be. */
let seen: WitnessStatus['state'][];
let waiting: { state: string; resolve: (status: WitnessStatus) => void }[];
beforeEach(async () => {
  test = await TestLog.open();
  folder = await mkdtemp(join(tmpdir(), 'custos-witness-'));
  memory = await WitnessMemory.open(folder);
  server = await served(await startedWitness(), 0);
  trusted = { name: cosigner.name, cosigner, url: server.url };
  sendings = [];
  waiting = [];
  seen = [];
});
afterEach(async () => {
  for (const sending of sendings) await sending.close();
  await server.close();
  await memory.close();
  await rm(folder, { recursive: true });
  await test.close();
});

async function startedWitness(): Promise<Witness> {
  const told = { cosigned: () => undefined, refused: () => undefined, misbehaved: () => undefined };
  witness = await Witness.start({ signer: witnessSigner, logs: [known], memory, told, clock: Date.now });
  return witness;
}
const served = (of: Witness, port: number) =>
  serveWitness(
    { witness: of, origins: [origin], registry: new Registry(), ready: async () => undefined, failed: () => undefined },
    { host: '127.0.0.1', port },
  );
function send(log = test.log, witnesses = [trusted]) {
  const changed = (status: WitnessStatus) => {
    seen.push(status.state);
    for (const one of waiting.filter(({ state }) => state === status.state)) one.resolve(status);
  };
  const sending = sendCheckpoints({ log, known, witnesses, changed, everyMs });
  sendings.push(sending);
  return sending;
}
const told = (state: WitnessStatus['state']) =>
  new Promise<WitnessStatus>((resolve) => waiting.push({ state, resolve }));
/** Resolves by the witness itself having got there. */
async function cosignedUpTo(size: number): Promise<void> {
  while ((test.log.cosigned.by(1)?.size ?? 0) < size) await new Promise((resolve) => setTimeout(resolve, 5));
}
const entries = (count: number) => Array.from({ length: count }, () => consent());

describe('checkpoints are sent', () => {
  it('as the log grows, with proofs out of its tiles, and what comes back is served with them', async () => {
    send();
    await cosignedUpTo(1);
    for (const count of [1, 2, 300, 5]) {
      await append(test.log, ...entries(count));
      await cosignedUpTo(test.log.size);
    }
    expect(witness.last(origin)?.size).toBe(309);
    expect(test.log.cosigned.by(1)?.checkpoint).toBe(witness.last(origin)?.note);
    expect(test.log.cosigned.by(2)).toBeUndefined();
  });

  it('from where the witness is, whoever brought it there', async () => {
    const before = send();
    await append(test.log, ...entries(10));
    await cosignedUpTo(11);
    await before.close();
    await append(test.log, ...entries(10));
    const cosigned = told('cosigned');
    send();
    await cosigned;
    await cosignedUpTo(21);
  });

  it('of the log as it is, where another instance has gone on', async () => {
    const idle = test.instance();
    await idle.start();
    send();
    await append(test.log, ...entries(10));
    await cosignedUpTo(11);
    const cosigned = told('cosigned');
    send(idle);
    expect((await cosigned).size).toBeGreaterThanOrEqual(11);
    expect(idle.cosigned.by(1)?.size).toBe(11);
    expect(seen).toEqual(['cosigned', 'cosigned']);
  });

  it('again once a witness that was away is back', async () => {
    const port = Number(new URL(server.url).port);
    await server.close();
    const unreachable = told('unreachable');
    send();
    await unreachable;
    await append(test.log, ...entries(3));
    server = await served(witness, port);
    await cosignedUpTo(4);
  });

  it('and appends do not wait for a witness that never answers', async () => {
    const silent = createServer(() => undefined);
    const url = await listening(silent);
    send(test.log, [{ ...trusted, url }]);
    await append(test.log, ...entries(3));
    expect(test.log.size).toBe(4);
    await Promise.all(sendings.splice(0).map((sending) => sending.close()));
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('a witness that refuses', () => {
  it('for good, by a checkpoint of this key that is not of this log: the log forked', async () => {
    const fork = await TestLog.open();
    try {
      await append(fork.log, ...entries(3));
      const forked = told('cosigned');
      send(fork.log);
      await forked;
      await append(test.log, ...entries(9));
      const conflict = told('log_forked');
      send();
      expect((await conflict).size).toBe(4);
      expect(test.log.cosigned.by(1)).toBeUndefined();
    } finally {
      await Promise.all(sendings.splice(0).map((sending) => sending.close()));
      await fork.close();
    }
  });

  it('as it has more than this log: it was rolled back', async () => {
    const fork = await TestLog.open();
    try {
      await append(fork.log, ...entries(30));
      const ahead = told('cosigned');
      send(fork.log);
      await ahead;
      const conflict = told('log_rolled_back');
      send();
      expect((await conflict).size).toBe(31);
    } finally {
      await Promise.all(sendings.splice(0).map((sending) => sending.close()));
      await fork.close();
    }
  });

  it('by its word alone convicts nobody', async () => {
    const answers = [
      { status: 409, type: 'text/x.tlog.size', body: '1000\n' },
      { status: 404, type: 'text/plain', body: 'no' },
    ];
    const liar = createServer((request, response) => {
      const { status, type, body } = answers[request.method === 'POST' ? 0 : 1] as (typeof answers)[number];
      response.writeHead(status, { 'content-type': type }).end(body);
    });
    const refused = told('refused');
    send(test.log, [{ ...trusted, url: await listening(liar) }]);
    expect(await refused).toMatchObject({ state: 'refused', size: 1000 });
    await Promise.all(sendings.splice(0).map((sending) => sending.close()));
    await closed(liar);
  });
});

describe('what a witness says is not believed', () => {
  const saying = async (status: number, type: string, body: string) => {
    const liar = createServer((_request, response) => response.writeHead(status, { 'content-type': type }).end(body));
    return { liar, said: { ...trusted, url: await listening(liar) } };
  };

  it.each([
    ['of another key', () => cosign(test.log.checkpoint, ed25519Signer(cosigner.name, new Uint8Array(32).fill(9)), 1)],
    ['on another checkpoint', () => cosign(test.log.checkpoint.replace('\n1\n', '\n2\n'), witnessSigner, 1)],
    ['that is none', () => 'yes\n'],
  ])('with a cosignature %s', async (_what, line) => {
    const { liar, said } = await saying(200, 'text/plain', line());
    const { size: _size, checkpoint } = test.log.signed;
    await expect(askToCosign(said, { oldSize: 0, proof: [], checkpoint })).rejects.toThrow();
    await closed(liar);
  });

  it.each(['1', '-1\n', '01\n', '1\n1\n', '99999999999999999999\n'])('with a size that is %j', async (body) => {
    const { liar, said } = await saying(409, 'text/x.tlog.size', body);
    await expect(askToCosign(said, { oldSize: 0, proof: [], checkpoint: test.log.checkpoint })).rejects.toThrow();
    await closed(liar);
  });

  it('about what it holds, unless the log and it have signed that', async () => {
    const { checkpoint } = test.log.signed;
    for (const note of [checkpoint, checkpoint.replace('\n1\n', '\n2\n') + cosign(checkpoint, witnessSigner, 1), 'x']) {
      const { liar, said } = await saying(200, 'text/plain', note);
      await expect(lastCosigned(said, known)).rejects.toThrow();
      await closed(liar);
    }
    const { liar, said } = await saying(200, 'text/plain', checkpoint + cosign(checkpoint, witnessSigner, 1));
    expect(await lastCosigned(said, known)).toMatchObject({ size: 1, origin });
    await closed(liar);
  });
});

describe('before a start', () => {
  const nobody = () => ({ ...trusted, name: 'witness.example/gone', url: 'http://127.0.0.1:1' });

  it('enough witnesses have to answer, and those that do not are named', async () => {
    const all = [trusted, nobody()];
    await expect(askAtStart({ all, neededAtStart: 2, waitAtStartMs: 50 }, known)).rejects.toMatchObject({
      code: 'witnesses_unreachable',
      members: { limit: 2, witnesses: ['witness.example/gone'] },
    });
    expect(await askAtStart({ all, neededAtStart: 1, waitAtStartMs: 50 }, known)).toEqual([]);
    await expect(askAtStart({ all: [nobody()], neededAtStart: 1, waitAtStartMs: 50 }, known)).rejects.toMatchObject({});
    expect(await askAtStart({ all: [nobody()], neededAtStart: 0, waitAtStartMs: 50 }, known)).toEqual([]);
  });

  it('what they hold is known', async () => {
    send();
    await append(test.log, ...entries(4));
    await cosignedUpTo(5);
    expect(await askAtStart({ all: [trusted], neededAtStart: 1, waitAtStartMs: 5_000 }, known)).toMatchObject([
      { size: 5 },
    ]);
  });
});

const listening = async (one: Server) => {
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
};
const closed = (one: Server) =>
  new Promise((resolve) => {
    one.close(resolve);
    one.closeAllConnections();
  });
