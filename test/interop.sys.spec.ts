import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintDevToken } from '../src/identity/dev-people.js';
import { openCheckpoint, signCheckpoint } from '../src/merkle/checkpoint.js';
import { parseVerifierKey } from '../src/merkle/note.js';
import { devOrigin, filesOf, readLogSigner } from '../src/service/data-folder.js';
import { BendingProxy } from './bending-proxy.js';
import { buildGoPrograms, runGoProgram, whyNoGo, type GoRun } from './go-programs.js';
import { ServiceProcess } from './service-process.js';

/**
 * Programs that we did not write check the real service from outside: golang.org/x/mod/sumdb, which go.sum's own
 * database is checked with, and Tessera's fsck.
 */
const absent = whyNoGo();
if (absent !== undefined && process.env['REQUIRE_GO'] !== '1') {
  process.stderr.write(`skipped: checkers written in Go, ${absent}\n`);
  it.skip(`checkers written in Go: ${absent}`, () => undefined);
} else {
  describe('checkers that we did not write', checkers);
}

function checkers() {
  let programs: string;
  let service: ServiceProcess;
  let proxy: BendingProxy;
  let key: string;
  let older: string;
  let receipt: string;
  let size: number;

  beforeAll(async () => {
    if (absent !== undefined) throw new Error(`REQUIRE_GO=1, and ${absent}`);
    programs = await mkdtemp(join(tmpdir(), 'custos-go-'));
    await buildGoPrograms(programs);
    service = await ServiceProcess.start();
    proxy = await BendingProxy.to(service.url);
    key = JSON.parse(await readFile(filesOf(service.data).trust, 'utf8')).log;
    older = join(programs, 'older.txt');
    receipt = join(programs, 'receipt.txt');
    await write(700);
    await writeFile(older, (await service.ask('source', 'GET', '/v1/log/checkpoint')).text);
    await writeFile(receipt, (await service.ask('auditor', 'GET', '/v1/log/receipt?position=3')).text);
    await write(700);
    const { text } = await service.ask('source', 'GET', '/v1/log/checkpoint');
    size = openCheckpoint(text, devOrigin, [parseVerifierKey(key)]).size;
  }, 300_000);
  afterAll(async () => {
    await proxy?.close();
    await service?.remove();
    await rm(programs, { recursive: true, force: true });
  });
  beforeEach(() => {
    proxy.bend = () => undefined;
    proxy.bent.clear();
  });

  /** As many entries, through the front door. */
  async function write(count: number) {
    const one = () => service.ask('subject:s1', 'PUT', '/v1/subjects/s1/consent', { consent: 'given' });
    const answers = await Promise.all(Array.from({ length: count }, one));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  }

  async function run(program: 'tiles' | 'fsck', ...args: string[]): Promise<GoRun> {
    const token = await mintDevToken(service.data, 'auditor');
    const about = ['-url', `${proxy.url}/v1/log`, '-token', token, '-key', key];
    return runGoProgram(join(programs, program), [...about, ...args]);
  }

  const flipped = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
    const changed = Buffer.from(bytes);
    const place = at(bytes);
    changed[place] = (changed[place] as number) ^ 1;
    return changed;
  };
  const middle = flipped(({ length }) => length >> 1);

  describe.each(['tiles', 'fsck'] as const)('%s finds it', (program) => {
    it.each(['tile/0/000', 'tile/0/003', 'tile/0/005.p/', 'tile/1/000.p/5', 'tile/entries/002', 'tile/entries/005.p/'])(
      'if one bit of %s is flipped',
      async (path) => {
        proxy.bend = (asked, body) => (asked.startsWith(`/v1/log/${path}`) ? middle(body) : undefined);
        const { code, stderr } = await run(program);
        expect({ code, bent: proxy.bent.size, said: stderr !== '' }).toEqual({ code: 1, bent: 1, said: true });
      },
    );

    it.each([
      ['text', (text: string) => text.indexOf('\n') + 1],
      ['root', (text: string) => text.indexOf('\n\n') - 20],
      ['signature', (text: string) => text.length - 20],
    ])('if one bit of the %s of the checkpoint is flipped', async (_what, at) => {
      proxy.bend = (asked, body) =>
        asked.endsWith('/checkpoint') ? flipped((bytes) => at(bytes.toString('latin1')))(body) : undefined;
      expect(await run(program)).toMatchObject({ code: 1 });
      expect(proxy.bent.size).toBe(1);
    });

    it('if it asks for another log', async () => {
      const other = `custos.example/other+${key.split('+').slice(1).join('+')}`;
      expect(await run(program, '-key', other)).toMatchObject({ code: 1 });
    });

    it('if entries are not shown to it', async () => {
      const token = await mintDevToken(service.data, 'researcher');
      expect(await run(program, '-token', token)).toMatchObject({ code: 1 });
    });
  });

  it('x/mod finds a log that does not continue an older checkpoint which its own key signed', async () => {
    const { size: before, root } = openCheckpoint(await readFile(older, 'utf8'), devOrigin, [parseVerifierKey(key)]);
    const signer = await readLogSigner(filesOf(service.data).logKey, devOrigin);
    const fork = join(programs, 'fork.txt');
    await writeFile(fork, signCheckpoint({ origin: devOrigin, size: before - 1, root }, signer));
    expect(await run('tiles', '-older', fork)).toMatchObject({ code: 1, stderr: expect.stringContaining('older') });
  });

  it('x/mod refuses a receipt with one bit of its entry flipped', async () => {
    const text = await readFile(receipt, 'utf8');
    const forged = join(programs, 'forged.txt');
    const header = Buffer.from(/^extra (.*)$/m.exec(text)?.[1] ?? '', 'base64');
    await writeFile(forged, text.replace(/^extra .*$/m, `extra ${middle(header).toString('base64')}`));
    expect(await run('tiles', '-receipt', forged)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('receipt'),
    });
  });

  it('x/mod accepts the log: every entry, every tile, an older checkpoint and a receipt', async () => {
    const { code, stdout, stderr } = await run('tiles', '-older', older, '-receipt', receipt);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const tiles = Math.ceil(size / 256) + 1;
    const before = openCheckpoint(await readFile(older, 'utf8'), devOrigin, [parseVerifierKey(key)]).size;
    expect(size).toBeGreaterThan(1400);
    expect(JSON.parse(stdout)).toEqual({ size, entries: size, tiles, proofs: size, continues: before, receipts: 1 });
  });

  it("Tessera's fsck accepts the log", async () => {
    expect(await run('fsck')).toMatchObject({ code: 0 });
  });
}
