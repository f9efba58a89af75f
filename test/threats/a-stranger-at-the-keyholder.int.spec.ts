import { mkdtemp, rm } from 'node:fs/promises';
import { request as plainly } from 'node:http';
import { Agent, request } from 'node:https';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { asKeyholder, asService, freshChannelSecret } from '../../src/keys/keyholder-channel.js';
import type { KeyholderPort } from '../../src/keys/keyholder-port.js';
import { serveKeyholder } from '../../src/keys/keyholder-server.js';
import { connectKeyholder } from '../../src/keys/remote-keyholder.js';
import type { Position, SubjectId } from '../../src/log/ids.js';

/**
 * Service and keyholder have a secret that nobody else has. Whoever got at the socket without it is told nothing, not even
 * what a keyholder says to nonsense; whoever put another socket in its place is told nothing either, and believed in nothing.
 */
let dir: string;
let path: string;
const secret = freshChannelSecret();
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'custos-stranger-'));
  path = join(dir, 'k.sock');
});
afterEach(() => rm(dir, { recursive: true }));

describe('a stranger at the socket of the keyholder', () => {
  let asked: string[];
  let strangers: number;
  let server: { close(): Promise<void> };
  beforeEach(async () => {
    [asked, strangers] = [[], 0];
    const keyholder = {
      status: () => {
        asked.push('status');
        return Promise.resolve({ size: 1, erasedKeysLeft: 0, lostKeys: 0 });
      },
    } as Partial<KeyholderPort> as KeyholderPort;
    server = await serveKeyholder(keyholder, { socket: path, secret, strangerCame: () => void (strangers += 1) });
  });
  afterEach(() => server.close());

  const call = JSON.stringify({ call: 'status' });
  const answered = (asking: ReturnType<typeof request>) =>
    new Promise<string>((resolve) => {
      asking.on('response', () => resolve('answered'));
      asking.on('error', () => resolve('hung up'));
      asking.end(call);
    });
  const over = (options: ConstructorParameters<typeof Agent>[0]) =>
    answered(request({ socketPath: path, method: 'POST', path: '/', agent: new Agent(options) }));
  const withoutCertificates = { rejectUnauthorized: false, checkServerIdentity: () => undefined };
  const known = asService(secret);

  it.each<[string, () => Promise<string>]>([
    ['another secret', () => over(asService(freshChannelSecret()))],
    [
      'the secret under another name',
      () => over({ ...known, pskCallback: () => ({ psk: secret.bytes, identity: 'me' }) }),
    ],
    ['TLS of its own choice', () => over(withoutCertificates)],
    [
      'TLS without any key',
      () => over({ ...withoutCertificates, ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' }),
    ],
    ['no TLS', () => answered(plainly({ socketPath: path, method: 'POST', path: '/' }))],
  ])('with %s is told nothing, and that they came is told', async (_what, ask) => {
    expect(await ask()).toBe('hung up');
    expect(asked).toEqual([]);
    // Whoever is hung up on may hear of it first.
    while (strangers === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(strangers).toBe(1);
    // It goes on serving whoever knows.
    expect(await connectKeyholder(path, secret).status()).toMatchObject({ size: 1 });
    expect(asked).toEqual(['status']);
  });

  it('who says nothing keeps nobody else waiting', async () => {
    const silent = connect(path);
    await new Promise<void>((resolve) => silent.once('connect', resolve));
    expect(await connectKeyholder(path, secret).status()).toMatchObject({ size: 1 });
    silent.destroy();
  });
});

describe('whoever put their own socket in its place', () => {
  const token = 'the.token.of-a-subject';
  let heard: Buffer[];
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  beforeEach(() => void (heard = []));
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server?.close(resolve));
  });

  async function impostor(how: Server): Promise<KeyholderPort> {
    server = how;
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => how.listen(path, resolve));
    return connectKeyholder(path, secret);
  }
  const answer = (socket: Socket) =>
    socket.on('data', (bytes) => {
      heard.push(bytes);
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"end":true}\n');
    });
  const answering = (options: TlsOptions): Server =>
    createTlsServer(options, answer).on('tlsClientError', () => undefined);

  it.each<[string, () => Server]>([
    [
      'in the clear',
      () =>
        createServer((socket) => void socket.on('data', (bytes) => heard.push(bytes)).write('HTTP/1.1 200 OK\r\n\r\n')),
    ],
    ['with another secret', () => answering(asKeyholder(freshChannelSecret()))],
    ['with no secret at all', () => answering({ ...asKeyholder(secret), pskCallback: () => null })],
  ])('and answers %s learns of no call, and opens, registers and certifies nothing', async (_what, how) => {
    const keyholder = await impostor(how());
    const gone = { code: 'keyholder_unavailable' };
    const opening = (async () => {
      for await (const _batch of keyholder.open(7 as Position, token));
    })();
    await expect(opening).rejects.toMatchObject(gone);
    await expect(keyholder.register('s1' as SubjectId)).rejects.toMatchObject(gone);
    await expect(keyholder.destroy(7 as Position)).rejects.toMatchObject(gone);
    const all = Buffer.concat(heard).toString('latin1');
    for (const said of [token, 's1', 'open', 'POST']) expect(all).not.toContain(said);
  });

  it('would have been told it all by the secret, which is what is tested', async () => {
    const keyholder = await impostor(answering(asKeyholder(secret)));
    for await (const _batch of keyholder.open(7 as Position, token));
    expect(Buffer.concat(heard).toString('latin1')).toContain(token);
  });
});
