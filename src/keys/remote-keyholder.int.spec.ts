import type { RequestListener } from 'node:http';
import { Agent, createServer, request, type Server } from 'node:https';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, typedRecords, VaultInProcess } from '../../test/vault-in-process.js';
import type { GrantId, Position, SubjectId } from '../log/ids.js';
import type { KeyholderPort } from './keyholder-port.js';
import { asKeyholder, asService, freshChannelSecret } from './keyholder-channel.js';
import { serveKeyholder } from './keyholder-server.js';
import { connectKeyholder } from './remote-keyholder.js';

let vault: VaultInProcess;
let grant: GrantId;
let dir: string;
let socket: string;
let server: { close(): Promise<void> };
let remote: KeyholderPort;
const subject = 's1' as SubjectId;
const secret = freshChannelSecret();
/** Knows the secret, and says what it likes. */
const agent = new Agent(asService(secret));

beforeEach(async () => {
  vault = await VaultInProcess.start();
  await vault.ingest('one', 's1', typedRecords(10));
  grant = await vault.grant('one', ['typed']);
  dir = await mkdtemp(join(tmpdir(), 'custos-socket-'));
  socket = join(dir, 'k.sock');
  server = await serveKeyholder(vault.keyholder, { socket, secret });
  remote = connectKeyholder(socket, secret);
});
afterEach(async () => {
  await server.close();
  await rm(dir, { recursive: true });
  await vault.stop();
});

async function open(position: Position) {
  const batches = [];
  for await (const batch of remote.open(position)) batches.push(batch);
  return batches;
}

/** What the server says to any body, or that it hung up. */
const post = (body: string | Uint8Array): Promise<string> =>
  new Promise((resolve) => {
    const asking = request({ socketPath: socket, agent, method: 'POST', path: '/' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('close', () => resolve(text));
    });
    asking.on('error', () => resolve('hung up'));
    asking.end(body);
  });

describe('a keyholder behind a socket refuses', () => {
  it('with the codes and members that it refuses with in the same process', async () => {
    await expect(open(0 as Position)).rejects.toMatchObject({ code: 'keyholder_refused' });
    await expect(remote.destroy(0 as Position)).rejects.toMatchObject({ code: 'keyholder_refused' });
    const { position } = await vault.erase('s1', remote);
    await expect(remote.register(subject)).rejects.toMatchObject({ code: 'subject_erased', members: { position } });
  });

  it('midway too, where a later batch was changed', async () => {
    await vault.ingest('long', 's1', typedRecords(1200));
    const long = await vault.grant('long', ['typed'], { records: 2000 });
    await vault.asIntruder(
      `UPDATE log.body SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)
       WHERE field = 'typed' AND position = (SELECT max(position) FROM log.body)`,
    );
    const disclosed = await vault.disclose(long, 'long', undefined, remote);
    let records = 0;
    const readOn = async () => {
      for await (const { sequences } of disclosed.batches) records += sequences.length;
    };
    await expect(readOn()).rejects.toMatchObject({ code: 'tampered' });
    expect(records).toBe(1024);
  });

  it.each([
    ['no JSON', 'not json'],
    ['nothing', ''],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00])],
    ['another call', '{"call":"dump"}'],
    ['a call with a member too many', '{"call":"register","subject":"s1","force":true}'],
    ['a position that is a text', '{"call":"open","disclosure":"1"}'],
    ['a negative position', '{"call":"open","disclosure":-1}'],
    ['a call that is too long', JSON.stringify({ call: 'register', subject: 'x'.repeat(5000) })],
  ])('%s, and goes on serving', async (_what, body) => {
    expect(await post(body)).toBe('hung up');
    expect(await remote.register(subject)).toMatchObject({ keyId: expect.any(String) });
  });

  it('everybody whom the file does not let in, from its first moment on', async () => {
    expect((await stat(socket)).mode & 0o777).toBe(0o660);
    const other = join(dir, 'other.sock');
    const { listen } = NetServer.prototype;
    let atFirst: number | undefined;
    const listening = jest.spyOn(NetServer.prototype, 'listen').mockImplementation(function (this: NetServer, ...args) {
      listen.apply(this, args);
      atFirst = statSync(other).mode & 0o777;
      return this;
    });
    const umask = process.umask(0);
    try {
      await (await serveKeyholder(vault.keyholder, { socket: other, secret })).close();
      expect([atFirst, process.umask()]).toEqual([0o660, 0]);
    } finally {
      process.umask(umask);
      listening.mockRestore();
    }
  });
});

describe('a keyholder that is gone', () => {
  it('before the call is unavailable', async () => {
    await server.close();
    for (const asked of [open(1 as Position), remote.register(subject), remote.destroy(1 as Position)]) {
      await expect(asked).rejects.toMatchObject({ code: 'keyholder_unavailable' });
    }
  });

  const batch = `${JSON.stringify({ batch: { sequences: [0], times: [], columns: { typed: ['x'] } } })}\n`;
  it.each<[string, RequestListener]>([
    ['hangs up', (_request, response) => response.write(batch, () => response.destroy())],
    ['ends without saying so', (_request, response) => response.end(batch)],
    ['stops within a line', (_request, response) => response.end(`${batch}{"bat`)],
  ])('midway is unavailable, and never a release that looks whole: it %s', async (_how, listener) => {
    const path = join(dir, 'dying.sock');
    const dying: Server = createServer(asKeyholder(secret), listener);
    await new Promise<void>((resolve) => dying.listen(path, resolve));
    let batches = 0;
    const readOn = async () => {
      for await (const { sequences } of connectKeyholder(path, secret).open(1 as Position)) batches += sequences.length;
    };
    await expect(readOn()).rejects.toMatchObject({ code: 'keyholder_unavailable' });
    expect(batches).toBe(1);
    await new Promise((resolve) => dying.close(resolve));
  });
});

describe('a keyholder behind a socket', () => {
  it('registers, opens and destroys like one in the same process', async () => {
    expect(await remote.register(subject)).toEqual(await vault.keyholder.register(subject));
    const { records } = await vault.read(grant, 'one', undefined, remote);
    expect(records).toEqual((await vault.read(grant, 'one')).records);
    const { position, certificate } = await vault.erase('s1', remote);
    const again = await vault.keyholder.destroy(position);
    expect(certificate.signature).toBe(Buffer.from(again.certificate).toString('base64'));
    expect((await vault.asIntruder('SELECT * FROM keys.subject_key')).rows).toEqual([]);
  });

  it('gives texts with whatever some take for the end of a line', async () => {
    await vault.ingest('odd', 's1', typedRecords(2, 'one\u2028two\u2029three\u0085four\r\nfive'));
    const odd = await vault.grant('odd', ['typed']);
    const { records } = await vault.read(odd, 'odd', undefined, remote);
    expect(records).toEqual((await vault.read(odd, 'odd')).records);
    expect(records).toHaveLength(2);
  });

  it('tells a field that a record lacks from one that is null', async () => {
    const mouse = { type: 3, data: { source: 2, x: 1, y: 2 }, timestamp: start + 1000 };
    await vault.ingest('mixed', 's1', [...typedRecords(1), { time: start + 1000, data: mouse }]);
    const mixed = await vault.grant('mixed', ['typed', 'pointer']);
    const { records } = await vault.read(mixed, 'mixed', undefined, remote);
    expect(records).toEqual((await vault.read(mixed, 'mixed')).records);
    expect(records.map(({ fields }) => Object.keys(fields))).toEqual([['typed'], ['pointer']]);
  });
});

it('calls that come one after the other go over one connection, the one that was refused aside', async () => {
  const connections = new Set<unknown>();
  const path = join(dir, 'counted.sock');
  const counted = createServer(asKeyholder(secret), (asked, answer) => {
    connections.add(asked.socket);
    asked.pipe(request({ socketPath: socket, agent, method: 'POST', path: '/' }, (given) => given.pipe(answer)));
  });
  await new Promise<void>((resolve) => counted.listen(path, resolve));
  const through = connectKeyholder(path, secret);
  for (let call = 0; call < 5; call += 1) await through.status();
  for (let call = 0; call < 3; call += 1)
    expect((await vault.read(grant, 'one', undefined, through)).records).toHaveLength(10);
  expect(connections.size).toBe(1);
  await expect(through.destroy(0 as Position)).rejects.toMatchObject({ code: 'keyholder_refused' });
  await through.status();
  expect(connections.size).toBe(2);
  counted.closeAllConnections();
  await new Promise((resolve) => counted.close(resolve));
});

it("a subject's own copy comes through with their token, and not with another", async () => {
  const { batches } = await vault.copy('one', 's1', undefined, remote);
  let records = 0;
  for await (const { sequences } of batches) records += sequences.length;
  expect(records).toBe(10);
  await expect(vault.copy('one', 's1', 'x'.repeat(8192), remote)).rejects.toMatchObject({ code: 'keyholder_refused' });
});
