import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { backendPid, MessageCutter, type Message } from './protocol.js';

/** `>` is from the service to PostgreSQL, `<` the way back. */
export type Direction = '>' | '<';

/** One place in an append: the nth message of a direction since the proxy was armed, from 0. */
export interface Point {
  readonly direction: Direction;
  readonly index: number;
  readonly label: string;
}
export type When = 'before' | 'after';

/** Called once, at the point. Until it resolves nothing passes on that connection in that direction. */
export type Strike = (connection: ProxiedConnection) => Promise<void>;

interface Armed {
  readonly point: Point;
  readonly when: When;
  readonly strike: Strike;
  struck: boolean;
}

/**
 * Stands between one instance and PostgreSQL and passes whole protocol messages. It can tell which messages an
 * append consists of, and let something happen before or after any one of them.
 */
export class FaultProxy {
  private readonly server: Server;
  private readonly connections = new Set<ProxiedConnection>();
  private counts: Record<Direction, number> = { '>': 0, '<': 0 };
  private tracing: Point[] | undefined;
  private armed: Armed | undefined;

  private constructor(private target: number) {
    // Half-open: the end of one side is passed on, not made up.
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const connection = new ProxiedConnection(client, this.target, (...step) => this.reach(...step));
      this.connections.add(connection);
      void connection.ended.then(() => this.connections.delete(connection));
    });
  }

  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((done) => proxy.server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** New connections go there: PostgreSQL has another port after each start. */
  retarget(port: number): void {
    this.target = port;
  }

  /** Every message that passes while `work` runs: the points of a good append. */
  async trace(work: () => Promise<unknown>): Promise<Point[]> {
    const points: Point[] = [];
    this.counts = { '>': 0, '<': 0 };
    this.tracing = points;
    try {
      await work();
    } finally {
      this.tracing = undefined;
    }
    return points;
  }

  arm(point: Point, when: When, strike: Strike): void {
    this.counts = { '>': 0, '<': 0 };
    this.armed = { point, when, strike, struck: false };
  }

  /** Whether the point was reached since `arm`. */
  disarm(): boolean {
    const struck = this.armed?.struck === true;
    this.armed = undefined;
    return struck;
  }

  /** Ends every connection as a server does that is shut down; resolves when none is left. */
  async finishAll(): Promise<void> {
    const all = [...this.connections];
    for (const connection of all) connection.finish();
    await Promise.all(all.map(({ ended }) => ended));
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.reset();
    await new Promise((done) => this.server.close(done));
  }

  private async reach(connection: ProxiedConnection, direction: Direction, message: Message, pass: () => void) {
    const index = this.counts[direction]++;
    this.tracing?.push({ direction, index, label: message.label });
    const { armed } = this;
    const here = armed?.struck === false && armed.point.direction === direction && armed.point.index === index;
    if (!here) return pass();
    armed.struck = true;
    if (armed.when === 'after') pass();
    await armed.strike(connection);
    if (armed.when === 'before') pass();
  }
}

type Reach = (connection: ProxiedConnection, direction: Direction, message: Message, pass: () => void) => Promise<void>;

/** One connection of the service, in two halves. */
export class ProxiedConnection {
  /** The PostgreSQL process that serves it, once it has said so. */
  backend: number | undefined;
  readonly ended: Promise<void>;
  private readonly upstream: Socket;
  /** Nothing passes before this resolves. */
  private held: Promise<void> = Promise.resolve();
  private dropping = false;
  private isLate = false;

  constructor(
    private readonly client: Socket,
    target: number,
    reach: Reach,
  ) {
    this.upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.ended = Promise.all([
      this.pump('>', client, this.upstream, reach),
      this.pump('<', this.upstream, client, reach),
    ]).then(() => undefined);
  }

  /** RST to both sides. What was not delivered yet never will be. */
  reset(): void {
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
  }

  /**
   * FIN to the service alone: it learns at once that its connection is gone, PostgreSQL not before all that was sent
   * has passed. An RST would take what this side has not read yet with it.
   */
  finishClient(): void {
    this.isLate = true;
    this.client.end();
  }

  /** Resolves when PostgreSQL has taken all that was sent by a service that knows its connection to be gone. */
  get delivered(): Promise<void> {
    return this.isLate ? this.ended : Promise.resolve();
  }

  /** FIN to both sides: what was delivered before is read before the end is seen. */
  finish(): void {
    this.dropping = true;
    this.client.end(() => this.client.destroy());
    this.upstream.end(() => this.upstream.destroy());
  }

  /** FIN to PostgreSQL alone: the service is gone already, and had not sent the rest. */
  abandon(): void {
    this.dropping = true;
    this.upstream.end(() => this.upstream.destroy());
  }

  /** Holds both directions until then. */
  hold(until: Promise<void>): void {
    this.held = until;
  }

  private async pump(direction: Direction, from: Socket, to: Socket, reach: Reach): Promise<void> {
    const cutter = new MessageCutter(direction === '>' ? 'client' : 'server');
    // Errors end the loop below; `to` may also break while nothing is read.
    to.on('error', () => undefined);
    try {
      for await (const chunk of from) {
        for (const message of cutter.cut(chunk as Buffer)) {
          this.backend ??= backendPid(message);
          await this.held;
          await reach(this, direction, message, () => {
            if (!this.dropping && to.writable) to.write(message.bytes);
          });
        }
      }
      await this.held;
      to.end();
    } catch {
      await this.held;
      // An RST may overtake what was written before it, a FIN does not.
      if (this.isLate) to.end(() => to.destroy());
      else to.resetAndDestroy();
    }
  }
}
