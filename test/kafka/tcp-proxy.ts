import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Bytes pass both ways, until they are made not to: the network between a broker and everybody who talks to it. It has its
 * port before there is anything behind it, since a broker must be told what to call itself.
 */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private silent = false;
  target = 0;

  private constructor(private readonly server: Server) {
    server.on('connection', (near) => this.pass(near));
  }

  static async start(): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    return new TcpProxy(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that pass here. */
  get count(): number {
    return this.sockets.size / 2;
  }

  /** Every connection there is ends at once, on both sides. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Nothing passes and nobody is told; new connections are taken and lead nowhere. */
  silence(): void {
    this.silent = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What waited passes, late. */
  restore(): void {
    this.silent = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    this.reset();
    await closed;
  }

  private pass(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(from);
      from.on('data', (bytes) => void (to.writable && to.write(bytes)));
      from.on('error', () => undefined);
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      if (this.silent) from.pause();
    }
  }
}
