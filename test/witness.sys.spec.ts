import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintDevToken } from '../src/identity/dev-people.js';
import { openCheckpoint } from '../src/merkle/checkpoint.js';
import { cosignaturesOn, parseCosignerKey } from '../src/merkle/cosignature.js';
import { parseVerifierKey } from '../src/merkle/note.js';
import { devOrigin, filesOf } from '../src/service/data-folder.js';
import { PaperLog, logKey as paperKey, logSigner } from '../src/witness/paper-log.spec.js';
import { originId } from '../src/witness/witness-memory.js';
import { ServiceProcess } from './service-process.js';
import { WitnessProcess } from './witness-process.js';

/** What is waited for happens by itself within seconds, or never. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 40_000; Date.now() < end; await sleep(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`never: ${what}`);
}

describe('a service and its witnesses', () => {
  let service: ServiceProcess;
  /** One is asked only; the other looks at the log as well. */
  let asked: WitnessProcess;
  let looking: WitnessProcess;
  let logKey: string;
  let file: string;

  beforeAll(async () => {
    service = await ServiceProcess.start({ logLevel: 'info' });
    logKey = JSON.parse(await readFile(filesOf(service.data).trust, 'utf8')).log;
    asked = await WitnessProcess.init(join(service.folder, 'w1'), 'witness.example/w1', '--log-key', logKey);
    looking = await WitnessProcess.init(join(service.folder, 'w2'), 'witness.example/w2', '--log-key', logKey, '--log-url', `${service.url}/v1/log`, '--token-file', join(service.folder, 'token')); // prettier-ignore
    await writeFile(join(service.folder, 'token'), await mintDevToken(service.data, 'auditor'));
    await asked.start();
    await looking.start();
    await service.stop('SIGTERM');
    file = join(service.folder, 'witnesses.json');
    service.settings = { CUSTOS_WITNESSES_FILE: file, CUSTOS_PORT: new URL(service.url).port };
    await configure();
    await service.start();
  }, 120_000);
  afterAll(async () => {
    await asked?.stop();
    await looking?.stop();
    await service?.remove();
  });

  const configure = (more: object = {}) =>
    writeFile(file, JSON.stringify({ witnesses: [asked, looking].map(({ key, url }) => ({ key, url })), ...more }));
  const cosigners = () => [asked, looking].map(({ key }) => parseCosignerKey(key));
  const sizeOf = (note: string) => openCheckpoint(note, devOrigin, [parseVerifierKey(logKey)]).size;
  const write = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      expect((await service.ask('subject:s1', 'PUT', '/v1/subjects/s1/consent', { consent: 'given' })).status).toBe(
        200,
      );
    }
  };
  const head = async () => sizeOf((await service.ask('source', 'GET', '/v1/log/checkpoint')).text);
  /** The newest checkpoint that both have cosigned, once it covers the head. */
  const cosigned = async () => {
    const size = await head();
    return until(`both cosign ${size}`, async () => {
      const { status, text } = await service.ask('source', 'GET', '/v1/log/checkpoint?cosignatures=2');
      return status === 200 && sizeOf(text) >= size ? text : undefined;
    });
  };
  const metric = async (url: string, line: RegExp) => line.exec(await (await fetch(`${url}/metrics`)).text())?.[1];

  it('has its checkpoints cosigned, serves them so, and says how far each witness is behind', async () => {
    await write(5);
    const note = await cosigned();
    expect(cosignaturesOn(note, cosigners()).map(({ name }) => name).sort()).toEqual(['witness.example/w1', 'witness.example/w2']); // prettier-ignore
    // Nothing is written any more: the newest has the same lines.
    expect(cosignaturesOn((await service.ask('source', 'GET', '/v1/log/checkpoint')).text, cosigners())).toHaveLength(
      2,
    );
    expect((await service.ask('source', 'GET', '/v1/log/checkpoint?cosignatures=3')).json).toMatchObject({ code: 'checkpoint_not_cosigned' }); // prettier-ignore
    expect((await service.ask(undefined, 'GET', '/v1/log/checkpoint?cosignatures=1')).status).toBe(401);
    expect(await metric(service.url, /custos_witness_behind_entries\{witness="witness.example\/w1"\} (\d+)/)).toBe('0');
    expect((await fetch(`${asked.url}/${originId(devOrigin)}/checkpoint`)).status).toBe(200);
  });

  it('gives receipts under what was cosigned, which anybody verifies offline', async () => {
    await cosigned();
    const receipt = join(service.folder, 'receipt.tlog-proof');
    const checkpoint = join(service.folder, 'checkpoint.txt');
    await writeFile(receipt, (await service.ask('auditor', 'GET', '/v1/log/receipt?position=2&cosignatures=2')).text);
    await writeFile(checkpoint, await cosigned());
    const both = ['--witness', asked.key, '--witness', looking.key];
    for (const path of [receipt, checkpoint]) {
      const { code, stdout } = await service.custos('--json', 'verify', path, ...both);
      expect({ code, cosignatures: JSON.parse(stdout).cosignatures.length }).toEqual({ code: 0, cosignatures: 2 });
    }
    // One that nobody has cosigned does not do, and one of two is enough if one asks for one.
    const plain = join(service.folder, 'plain.tlog-proof');
    await writeFile(plain, (await service.ask('auditor', 'GET', '/v1/log/receipt?position=2')).text);
    expect((await service.custos('verify', plain)).code).toBe(0);
    const refused = await service.custos('--json', 'verify', plain, ...both);
    expect({ code: refused.code, problems: JSON.parse(refused.stdout).problems }).toEqual({
      code: 1,
      problems: [{ position: 2, check: 'cosignatures' }],
    });
    const live = await service.custos('--json', 'verify', '--witnesses', file);
    expect({ code: live.code, witnesses: JSON.parse(live.stdout).witnesses.length }).toEqual({ code: 0, witnesses: 2 });
  });

  it('goes on while a witness is away, and is cosigned again by it when it comes back', async () => {
    await looking.stop('SIGKILL');
    await write(3);
    await until('the other one cosigns', async () => {
      const { text } = await service.ask('source', 'GET', '/v1/log/checkpoint?cosignatures=1');
      return sizeOf(text) >= (await head()) ? true : undefined;
    });
    await looking.start();
    await cosigned();
  });

  it('does not start on an older backup, though both memories of its own were put back with it', async () => {
    await service.stop('SIGTERM');
    const backup = join(service.folder, 'backup');
    await cp(service.data, backup, { recursive: true });
    await service.start();
    const before = await head();
    await write(20);
    const kept = sizeOf(await cosigned());
    await service.stop('SIGTERM');
    const inMemory = async () => Number((await readFile(join(service.data, 'checkpoint'), 'utf8')).split('\n')[1]);
    await rm(service.data, { recursive: true });
    await cp(backup, service.data, { recursive: true });
    expect(await inMemory()).toBe(before);

    const refused = await service.second();
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('log_rolled_back');
    expect(refused.said).toContain(`kept: ${kept}`);
    expect(refused.said).toContain(`size: ${before}`);
    // It is the service's own memory now, so that the loss can be named and accepted, by an operator.
    expect(await inMemory()).toBe(kept);
    const accepted = await service.custos('accept-rollback', '--file', join(service.data, 'checkpoint'), '--kept', String(kept), '--reason', 'the backup of this test'); // prettier-ignore
    expect(accepted.code).toBe(0);
    await service.start();
    await service.stop('SIGTERM');
    // It stands in the log, so that it is not asked again.
    await service.start();
    expect((await service.ask(undefined, 'GET', '/health/ready')).status).toBe(200);
  });

  it('and its witnesses refuse what it is now, say so, and keep what shows it', async () => {
    await until('the one that looks has seen it', async () => (looking.said.includes('THE LOG IS SHORTER') ? true : undefined)); // prettier-ignore
    expect((await fetch(`${looking.url}/health/ready`)).status).toBe(503);
    expect(await metric(looking.url, /custos_witness_evidence (\d+)/)).toBe('1');
    const memory = join(looking.folder, 'witness');
    const [name] = (await readdir(memory)).filter((one) => one.startsWith('rollback-'));
    const evidence = await service.custos('--json', 'verify', join(memory, name as string));
    expect({ code: evidence.code, proves: JSON.parse(evidence.stdout).proves }).toEqual({
      code: 0,
      proves: 'rollback',
    });

    // The log goes on past what was lost: from there on it is a fork, and convicts itself.
    await write(30);
    await until('a fork is proven', async () => (looking.said.includes('THE LOG FORKED') ? true : undefined));
    const [fork] = (await readdir(memory)).filter((one) => one.startsWith('fork-'));
    const proof = await service.custos('--json', 'verify', join(memory, fork as string));
    expect({ code: proof.code, proves: JSON.parse(proof.stdout).proves }).toEqual({ code: 0, proves: 'fork' });
    expect(
      await metric(service.url, /custos_witness_state\{witness="witness.example\/w1",state="refused"\} (\d)/),
    ).toBe('1');
  });

  it('does not start where too few witnesses answer, and does where fewer are asked for', async () => {
    await service.stop('SIGTERM');
    await asked.stop();
    await configure({ waitAtStartSeconds: 1 });
    const refused = await service.second();
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('witnesses_unreachable');
    expect(refused.said).toContain('witness.example/w1');
    await configure({ neededAtStart: 1, waitAtStartSeconds: 1 });
    await service.start();
  });
});

describe('a witness', () => {
  let folder: string;
  let witness: WitnessProcess;
  const log = PaperLog.of(400);
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'custos-witness-'));
    witness = await WitnessProcess.init(folder, 'witness.example/w1', '--log-key', paperKey);
    await witness.start();
  });
  afterAll(async () => {
    await witness?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const add = async (body: string) => {
    const answer = await fetch(`${witness.url}/add-checkpoint`, { method: 'POST', body });
    return { status: answer.status, text: await answer.text() };
  };

  it('of which another runs on the same folder does not start', async () => {
    const { code, said } = await witness.second();
    expect({ code, said: said.includes('data_in_use') }).toEqual({ code: 1, said: true });
  });

  it('never signs two histories, killed as often as one likes while both are submitted', async () => {
    // Two logs that share 10 entries, signed by one key, both pushed as fast as they are answered.
    const histories = [log, log.forkedAt(10)];
    const signed: { history: number; size: number }[] = [];
    let stopped = false;
    const push = async (history: number) => {
      let known = 0;
      for (let size = 11; !stopped; size += 1) {
        const to = Math.max(known + 1, 11 + (size % 380));
        const body = await (histories[history] as PaperLog).body(known, Math.min(to, 400));
        const answer = await add(body).catch(() => undefined);
        if (answer === undefined) await sleep(5);
        else if (answer.status === 200) signed.push({ history, size: (known = Math.min(to, 400)) });
        else if (answer.status === 409) known = Number.isSafeInteger(Number(answer.text)) ? Number(answer.text) : known;
      }
    };
    const pushing = [push(0), push(1), push(0), push(1)];
    for (let kills = 0; kills < 8; kills += 1) {
      await sleep(60 + 40 * kills);
      await witness.stop('SIGKILL');
      await witness.start();
    }
    stopped = true;
    await Promise.all(pushing);
    expect(signed.length).toBeGreaterThan(0);
    // Every cosignature above the shared beginning is of one history.
    expect(new Set(signed.filter(({ size }) => size > 10).map(({ history }) => history)).size).toBe(1);
    const { text } = await add(await log.body(0, 11));
    expect(Number(text)).toBeGreaterThanOrEqual(Math.max(...signed.map(({ size }) => size)));
    const kept = await readFile(join(folder, 'witness', `${originId(logSigner.name)}.checkpoint`), 'utf8');
    expect(Number(kept.split('\n')[1])).toBe(Number(text));
  });
});
