import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Problem } from '../problem.js';
import { HttpFollowers } from './http-followers.js';

const never = Number.MAX_SAFE_INTEGER;
let servers: http.Server[];
let sockets: net.Socket[];
beforeEach(() => {
  servers = [];
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server whose every answer follows. */
async function serve(
  followers: HttpFollowers,
  chunks: (signal: AbortSignal) => AsyncGenerator<Buffer>,
  until = never,
): Promise<number> {
  const server = http.createServer((_request, response) => {
    try {
      followers.follow(response, until, chunks).pipe(response);
    } catch (error) {
      response.writeHead((error as Problem).status).end(JSON.stringify((error as Problem).members));
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
/** Says something once, then waits. */
async function* idle(signal: AbortSignal): AsyncGenerator<Buffer> {
  yield Buffer.from('here\n');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
/** More than anybody takes; counts what was taken. */
function endless() {
  const taken = { bytes: 0 };
  async function* chunks(signal: AbortSignal): AsyncGenerator<Buffer> {
    while (!signal.aborted) {
      taken.bytes += 64 * 1024;
      yield Buffer.alloc(64 * 1024, 'x');
    }
  }
  return { taken, chunks };
}
const get = (port: number) => fetch(`http://127.0.0.1:${port}/`);
/** Asks, and never reads the answer. */
function askAndStall(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  socket.on('error', () => undefined);
  socket.pause();
  sockets.push(socket);
  return socket;
}
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}

describe('an answer without an end is refused', () => {
  it('one past the limit, with the limit and a time to come back, until one has left', async () => {
    const followers = new HttpFollowers(2);
    const port = await serve(followers, idle);
    const [one, two] = [await get(port), await get(port)];
    const refused = await get(port);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toEqual({ limit: 2, retryAfterSeconds: 5 });
    await one.body?.cancel();
    await until(() => followers.count === 1);
    const again = await get(port);
    expect(again.status).toBe(200);
    await Promise.all([two.body?.cancel(), again.body?.cancel()]);
  });
});

describe('an answer without an end is ended', () => {
  it('when its token expires', async () => {
    const followers = new HttpFollowers();
    const port = await serve(followers, idle, Date.now() + 200);
    expect(await (await get(port)).text()).toBe('here\n');
    const expired = await serve(followers, idle, Date.now() - 1);
    expect((await (await get(expired)).text()).length).toBeLessThanOrEqual(5);
    await until(() => followers.count === 0);
  });

  it('when its reader has gone', async () => {
    const followers = new HttpFollowers();
    const port = await serve(followers, idle);
    const socket = askAndStall(port);
    await until(() => followers.count === 1);
    socket.destroy();
    await until(() => followers.count === 0);
  });

  it('when its reader takes nothing any more', async () => {
    const followers = new HttpFollowers(10, 300);
    const { chunks } = endless();
    const port = await serve(followers, chunks);
    askAndStall(port);
    await until(() => followers.count === 1);
    await until(() => followers.count === 0);
  });

  it('with the service: at once where it is idle, and where its reader does not read all the same', async () => {
    const followers = new HttpFollowers();
    const { chunks } = endless();
    const waiting = await get(await serve(followers, idle));
    askAndStall(await serve(followers, chunks));
    await until(() => followers.count === 2);
    await followers.onModuleDestroy();
    expect(await waiting.text()).toBe('here\n');
    await until(() => followers.count === 0);
  });
});

describe('a reader that does not read', () => {
  it('holds what fits into the buffers on the way and no more', async () => {
    const { taken, chunks } = endless();
    const port = await serve(new HttpFollowers(), chunks);
    askAndStall(port);
    let before = -1;
    // Nothing more is taken once all buffers are full, most of them the kernel's.
    while (before !== taken.bytes || taken.bytes === 0) {
      before = taken.bytes;
      await sleep(300);
    }
    expect(taken.bytes).toBeLessThan(32 * 1024 * 1024);
  });
});
