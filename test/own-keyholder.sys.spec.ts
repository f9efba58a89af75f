import { spawn, type ChildProcess } from 'node:child_process';
import { open, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { devIssuer } from '../src/identity/dev-people.js';
import { readChannelSecret } from '../src/keys/keyholder-channel.js';
import { connectKeyholder } from '../src/keys/remote-keyholder.js';
import { parseRootKeys } from '../src/keys/root-key.js';
import type { StoredKeyOf } from '../src/keys/subject-key-store.js';
import type { Position } from '../src/log/ids.js';
import { sodiumReady } from '../src/sealing/sodium.js';
import { unwrapSubjectKey } from '../src/sealing/subject-key.js';
import { filesOf, initDevFolder } from '../src/service/data-folder.js';
import { cloneDatabase, type TestDatabase } from './postgres/database.js';
import { startTestServer } from './postgres/server.js';
import { custosMain, runCustos, type Ran } from './run-custos.js';

/**
 * The shape that production has: `custos keyholder` and `custos serve`, two processes with a socket and a secret between them. The
 * one that everybody can ask has, neither in its memory nor in its environment, anything that opens.
 */
let endServer: () => Promise<void>;
let database: TestDatabase;
let folder: string;
let socket: string;
let keyholder: Part;
let service: Part & { readonly url: string };

interface Part {
  readonly child: ChildProcess;
  readonly said: () => string;
}

beforeAll(async () => {
  await sodiumReady();
  endServer = await startTestServer();
  database = await cloneDatabase();
  folder = await mkdtemp(join(tmpdir(), 'custos-two-'));
  socket = join(folder, 'keyholder.sock');
  await initDevFolder(folder);
  keyholder = await startKeyholder();
  const files = filesOf(folder);
  const { matched, ...started } = await start('serve', /listens on (\S+)/, {
    DATABASE_URL: database.url('custos_service'),
    CUSTOS_LOG_KEY_FILE: files.logKey,
    CUSTOS_CHECKPOINT_FILE: files.checkpoint,
    CUSTOS_PORT: '0',
    CUSTOS_LOG_LEVEL: 'trace',
  });
  service = { ...started, url: matched[1] as string };
});
afterAll(async () => {
  for (const part of [service, keyholder]) await stop(part);
  await database.drop();
  await endServer();
  await rm(folder, { recursive: true });
});

function startKeyholder() {
  const files = filesOf(folder);
  return start('keyholder', /The keyholder is ready/, {
    CUSTOS_KEYHOLDER_DATABASE_URL: database.url('custos_keyholder'),
    CUSTOS_ROOT_KEY_FILE: files.rootKey,
    CUSTOS_KEYHOLDER_CHECKPOINT_FILE: files.keyholderCheckpoint,
  });
}

/** With the settings of both and its own, and nothing else. */
async function start(part: string, isReady: RegExp, own: Record<string, string>) {
  const files = filesOf(folder);
  const child = spawn(process.execPath, [custosMain, part], {
    env: {
      PATH: process.env['PATH'],
      CUSTOS_KEYHOLDER_SOCKET: socket,
      CUSTOS_KEYHOLDER_SECRET_FILE: files.keyholderSecret,
      CUSTOS_TRUST_FILE: files.trust,
      CUSTOS_JWKS_FILE: files.jwks,
      CUSTOS_TOKEN_ISSUER: devIssuer,
      ...own,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const matched = await new Promise<RegExpExecArray>((resolve, reject) => {
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = isReady.exec(said);
        if (found !== null) resolve(found);
      });
    }
    child.once('exit', () => reject(new Error(`ended early: ${said}`)));
  });
  return { child, said: () => said, matched };
}

async function stop({ child }: Part): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}

const custos = (as: string, ...args: readonly string[]): Promise<Ran> =>
  runCustos(['--as', as, ...args], { PATH: process.env['PATH'], CUSTOS_URL: service.url, CUSTOS_DATA: folder });

async function granted(session: string): Promise<string> {
  const asked = ['--session', session, '--field', 'typed', '--purpose', 'to see that it works', '--for', '1h'];
  const made = await custos('researcher', '--json', 'request', 'create', ...asked, '--records', '1000', '--disclosures', '9'); // prettier-ignore
  const { request } = JSON.parse(made.stdout) as { request: string };
  for (const approver of ['approver1', 'approver2']) await custos(approver, 'approve', '--yes', request);
  return request;
}

const text = 'a-text-that-somebody-typed';
const start0 = Date.UTC(2026, 5, 1);
async function ingest(session: string) {
  const records = Array.from({ length: 20 }, (_, index) => {
    const timestamp = start0 + index * 1000;
    return { type: 3, data: { source: 5, text: `${text} ${index}`, isChecked: false, id: 7 }, timestamp };
  });
  const file = join(folder, `${session}.json`);
  await writeFile(file, JSON.stringify(records));
  return custos('source', 'ingest', file, '--format', 'rrweb', '--subject', 's1', '--session', session);
}

/** Which of these bytes are anywhere in the memory of a process. */
async function inMemoryOf({ child }: Part, needles: Readonly<Record<string, Uint8Array>>): Promise<string[]> {
  const pid = child.pid as number;
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  const memory = await open(`/proc/${pid}/mem`, 'r');
  const found = new Set<string>();
  const overlap = Math.max(...Object.values(needles).map(({ length }) => length));
  const window = Buffer.alloc(4 * 1024 * 1024 + overlap);
  try {
    for (const line of maps.split('\n')) {
      const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line) ?? [];
      if (from === '' || /\[v(var|syscall|var_vclock)\]/.test(line)) continue;
      const end = Number.parseInt(to, 16);
      for (let at = Number.parseInt(from, 16); at < end; at += window.length - overlap) {
        // What was mapped a moment ago may be gone.
        const length = Math.min(window.length, end - at);
        const { bytesRead } = await memory.read(window, 0, length, at).catch(() => ({ bytesRead: 0 }));
        const part = window.subarray(0, bytesRead);
        for (const [name, bytes] of Object.entries(needles)) if (part.includes(Buffer.from(bytes))) found.add(name);
      }
    }
  } finally {
    await memory.close();
  }
  return [...found].sort();
}

it('a recording is sealed, asked for, granted and read through two processes, by the service that cannot open', async () => {
  expect(await ingest('first')).toMatchObject({ code: 0 });
  const read = await custos('researcher', 'read', await granted('first'));
  expect(read).toMatchObject({ code: 0 });
  expect(read.stdout.match(new RegExp(text, 'g'))).toHaveLength(20);
  expect(keyholder.said() + service.said()).not.toContain(text);
});

const onLinux = process.platform === 'linux' ? it : it.skip;
onLinux('neither root key nor secret of a subject is in the memory or the environment of the service', async () => {
  await ingest('second');
  const grant = await granted('second');
  const rootKeyText = (await readFile(filesOf(folder).rootKey, 'utf8')).trim();
  const rootKeys = parseRootKeys(rootKeyText);
  if (rootKeys === undefined) throw new Error('no root key');
  const { rows } = await asSuperuser<StoredKeyOf>('SELECT subject, key_id AS "keyId", public_key AS "publicKey", wrapped FROM keys.subject_key'); // prettier-ignore
  const [{ subject, keyId, publicKey, wrapped }] = rows as [StoredKeyOf];
  const unwrapped = unwrapSubjectKey(rootKeys.current, { subject, keyId }, wrapped);
  if (unwrapped.kind !== 'opened') throw new Error('not opened');
  const needles = {
    rootKey: rootKeys.current.bytes,
    rootKeyText: Buffer.from(Buffer.from(rootKeys.current.bytes).toString('hex')),
    signingSeed: rootKeys.attestation.bytes,
    subjectSecret: unwrapped.secretKey.bytes,
    subjectSecretText: Buffer.from(Buffer.from(unwrapped.secretKey.bytes).toString('base64')),
    publicKey: new Uint8Array(publicKey),
  };
  // While it reads, and afterwards.
  const reading = custos('researcher', 'read', grant);
  const during = await inMemoryOf(service, needles);
  expect(await reading).toMatchObject({ code: 0 });
  // The public key is what a service has, and shows that its memory was looked at; the keyholder's shows that keys are found.
  expect([during, await inMemoryOf(service, needles)]).toEqual([['publicKey'], ['publicKey']]);
  expect(await inMemoryOf(keyholder, needles)).toEqual(expect.arrayContaining(['rootKey', 'signingSeed']));
  const pid = service.child.pid as number;
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
  expect(environment).toContain('CUSTOS_KEYHOLDER_SOCKET');
  for (const told of ['ROOT_KEY', rootKeyText, filesOf(folder).rootKey]) expect(environment).not.toContain(told);
});

it('with all that the service has nobody opens what no grant opens', async () => {
  const { rows } = await asSuperuser<{ position: string }>("SELECT max(position) AS position FROM log.entry WHERE stream LIKE 'request/%'"); // prettier-ignore
  const stolen = connectKeyholder(socket, await readChannelSecret(filesOf(folder).keyholderSecret));
  for (const position of [0, Number(rows[0]?.position), 1_000_000]) {
    const opened = stolen.open(position as Position);
    const opening = opened[Symbol.asyncIterator]().next();
    await expect(opening).rejects.toMatchObject({ code: 'keyholder_refused' });
  }
});

it('without the keyholder records are taken and nothing is read; once it is back all is as before', async () => {
  await ingest('third');
  const grant = await granted('third');
  await stop(keyholder);
  expect(await ingest('fourth')).toMatchObject({ code: 0 });
  const refused = await custos('researcher', 'read', grant);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('keyholder_unavailable');
  expect(refused.stdout).not.toContain(text);
  keyholder = await startKeyholder();
  expect((await custos('researcher', 'read', grant)).stdout.match(new RegExp(text, 'g'))).toHaveLength(20);
});

async function asSuperuser<R extends pg.QueryResultRow>(sql: string): Promise<pg.QueryResult<R>> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  try {
    return await client.query<R>(sql);
  } finally {
    await client.end();
  }
}
