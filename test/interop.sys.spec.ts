import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packArchive, unpackArchive, type BundleFile } from '../src/history/bundle/archive.js';
import { mintDevToken } from '../src/identity/dev-people.js';
import { openCheckpoint, signCheckpoint } from '../src/merkle/checkpoint.js';
import { decodeEntryBundle, encodeEntryBundle } from '../src/merkle/entry-bundle.js';
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

  describe('a bundle of an incident, offline,', () => {
    let archive: BundleFile[];
    const as = async (who: string, ...args: string[]) => {
      const { stdout } = await service.custos('--as', who, '--json', ...args);
      return JSON.parse(stdout) as Record<string, string>;
    };
    beforeAll(async () => {
      await as('source', 'ingest', 'examples/shell.cast', '--format', 'asciicast', '--subject', 'anna', '--session', 'shell'); // prettier-ignore
      const { request: grant = '' } = await as('researcher', 'request', 'create', '--session', 'shell', '--field', 'kind', '--purpose', 'to see who looked', '--records', '5000', '--disclosures', '2', '--for', '1h'); // prettier-ignore
      for (const who of ['approver1', 'approver2']) await as(who, 'approve', grant, '--yes');
      await service.custos('--as', 'researcher', 'read', grant, '--session', 'shell');
      const { incident = '' } = await as('officer1', 'incident', 'open', '--title', 'a leak', '--reason', 'somebody could read', '--from', '700'); // prettier-ignore
      const file = join(programs, 'incident.zip');
      await as('auditor', 'history', 'bundle', '--incident', incident, '--out', file);
      archive = unpackArchive(await readFile(file)) ?? [];
    }, 120_000);

    /** With a manifest that fits, as whoever changes a bundle would write it. */
    async function checked(how: (files: BundleFile[]) => BundleFile[]): Promise<GoRun> {
      const files = how(archive);
      const hashed = files.filter(({ name }) => name !== 'manifest.json').map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })); // prettier-ignore
      const fitting = files.map((file) => (file.name === 'manifest.json' ? { ...file, bytes: Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(file.bytes).toString()), files: hashed })) } : file)); // prettier-ignore
      const path = join(programs, 'changed.zip');
      await writeFile(path, packArchive(fitting));
      return runGoProgram(join(programs, 'bundle'), ['-key', key, path]);
    }
    const changed = (name: string, change: (bytes: Buffer) => Uint8Array) => (files: BundleFile[]) =>
      files.map((file) => (file.name === name ? { name, bytes: change(Buffer.from(file.bytes)) } : file));
    const entries = (change: (headers: Uint8Array[]) => Uint8Array[]) =>
      changed('log/entries', (bytes) => encodeEntryBundle(change(decodeEntryBundle(bytes, 10_000)), 10_000));

    it('is accepted by a program that knows x/mod and CBOR, and finds the same releases', async () => {
      const { code, stdout, stderr } = await runGoProgram(join(programs, 'bundle'), ['-key', key, join(programs, 'incident.zip')]); // prettier-ignore
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toMatchObject({ checkpoints: 2, releases: 1, records: 929 });
    });

    it.each([
      ['an entry is left out', entries((headers) => headers.toSpliced(-3, 1)), 'is missing'],
      ['one bit of an entry is flipped', entries((headers) => headers.with(-3, flipped(() => 25)(Buffer.from(headers.at(-3) ?? [])))), 'another root'],
      ['an entry below is left out', entries((headers) => headers.slice(1)), 'log/tree'],
      ['a hash of the tree is another', changed('log/tree', (text) => Buffer.from(text.toString().replace(/[A-Za-z0-9+/](?=[A-Za-z0-9+/]{42}=)/, (one) => (one === 'A' ? 'B' : 'A')))), 'another root'],
      ['a release is left out of the report', changed('exposure.json', (text) => Buffer.from(text.toString().replace('"kind": "did"', '"kind": "could"'))), 'other releases'],
      ['its sum is another', changed('exposure.json', (text) => Buffer.from(text.toString().replaceAll('929', '92'))), 'exposure.json'],
    ])('is refused if %s, whatever the manifest says', async (_what, how, said) => {
      expect(await checked(how)).toMatchObject({ code: 1, stderr: expect.stringContaining(said) });
    }); // prettier-ignore

    it('is refused if a file is not the one in the manifest', async () => {
      const path = join(programs, 'changed.zip');
      await writeFile(path, packArchive(changed('report.html', middle)(archive)));
      expect(await runGoProgram(join(programs, 'bundle'), ['-key', key, path])).toMatchObject({
        ...{ code: 1, stderr: expect.stringContaining('report.html') },
      });
    });
  });
}
