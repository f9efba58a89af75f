import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { openPool } from '../../src/log/database.js';
import { Governance } from '../../src/log/governance.js';
import { verifyReceipt } from '../../src/log/receipt.js';
import { verifyLog } from '../../src/log/verify-log.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey, type NoteVerifier } from '../../src/merkle/note.js';
import { parseTlogProof } from '../../src/merkle/tlog-proof.js';
import { readContent, seen } from './content.js';
import { judge, type Attempt, type End, type Rule, type Seen, type Violation } from './judge.js';
import { fillsDisk, strikeOf, type KindName } from './kinds.js';
import { brokenBuild, type Mutation } from './mutations.js';
import type { Order, Shape } from './order.js';
import { FaultProxy, type Point, type When } from './proxy.js';
import { scenarioOf, type ScenarioName } from './scenarios.js';
import type { FaultDatabase, FaultServer } from './server.js';
import { WriterProcess, type Looked } from './writer-process.js';

export type InstanceName = 'a' | 'b';
interface Instance {
  readonly name: InstanceName;
  readonly proxy: FaultProxy;
  writer: WriterProcess;
}

export interface Fault {
  readonly scenario: ScenarioName;
  readonly point: Point;
  readonly when: When;
  readonly kind: KindName;
}

/** Waits in a production service are longer; the fault tests meet each of them in seconds. */
const bounds = { lock_timeout: 1_500, idle_in_transaction_session_timeout: 1_000, query_timeout: 6_000 };
const transactionWithinMs = 4_000;
/** A fault may leave the head locked for so long, no longer: the bounds above, and a slow machine. */
const headFreeWithinMs = 20_000;
const recoveredWithinMs = 60_000;
const lockTimedOut = '55P03';

/** One log, two instances that write it, and everything that they were asked and have answered. */
export class Trial {
  private readonly attempts: Attempt[] = [];
  private readonly seen: Seen[] = [];
  private readonly found: Violation[] = [];
  /** Of the faults of this burst: whoever sent them sends them again at its end. */
  private readonly unsettled: Order[] = [];
  private readonly trusted: { origin: string; verifiers: NoteVerifier[] };
  private readonly identity;
  private numbers = 0;
  private spare: WriterProcess;
  private superuser: pg.Pool | undefined;
  readonly counts = { kills: 0, restarts: 0, failedAppends: 0 };
  /** Of the log, as far as it was acknowledged; the first entry says that it was opened. */
  size = 1;

  private constructor(
    private readonly server: FaultServer,
    private readonly database: FaultDatabase,
    private readonly instances: Readonly<Record<InstanceName, Instance>>,
    private readonly spawn: () => WriterProcess,
  ) {
    this.spare = spawn();
    const origin = 'custos.example/faults';
    const seed = randomBytes(32);
    const signer = ed25519Signer(origin, seed);
    this.identity = { origin, seed: seed.toString('hex') };
    this.trusted = { origin, verifiers: [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))] };
  }

  /** `mutation`: of a service that is broken on purpose. */
  static async start(server: FaultServer, mutation?: Mutation): Promise<Trial> {
    const database = await server.newDatabase();
    if (mutation?.sql !== undefined) await server.asSuperuser(mutation.sql, database.name);
    const built = mutation === undefined ? undefined : await brokenBuild(mutation);
    const spawn = () => WriterProcess.spawn(built);
    const instance = async (name: InstanceName) => ({
      name,
      proxy: await FaultProxy.start(server.port),
      writer: spawn(),
    });
    const trial = new Trial(server, database, { a: await instance('a'), b: await instance('b') }, spawn);
    for (const { name, writer } of Object.values(trial.instances)) await trial.open(name, writer);
    return trial;
  }

  async close(): Promise<void> {
    await this.superuser?.end();
    await this.spare.kill();
    for (const { writer, proxy } of Object.values(this.instances)) {
      await writer.kill();
      await proxy.close();
    }
  }

  newOrder(shape: Shape, entries: number): Order {
    return { number: this.numbers++, shape, entries };
  }

  firstAcked(): Order {
    return (this.attempts.find(({ end }) => end.kind === 'acked') as Attempt).order;
  }

  /** An order of one small entry that was acknowledged, a different one from time to time. */
  someAcked(): Order {
    const acked = this.attempts.filter(
      ({ end, order: { shape, entries } }) => end.kind === 'acked' && shape === 'plain' && entries === 1,
    );
    return (acked[(this.attempts.length * 7) % acked.length] as Attempt).order;
  }

  /** Nothing is wrong yet: it must be acknowledged. After a fault of the same burst it may take more than one sending. */
  async appendBy(name: InstanceName, order: Order): Promise<void> {
    if (this.unsettled.length > 0) return this.sendUntil(order, () => name);
    await this.send(name, [order]);
    if (this.lastEnd(order)?.kind !== 'acked') this.violated('not_recovered', `instance ${name}, before the fault`);
  }

  /** Its connections end, and it knows. */
  async disconnect(name: InstanceName): Promise<void> {
    const { proxy, writer } = this.instances[name];
    await proxy.finishAll();
    await writer.ping();
    await writer.ping();
  }

  /** The points of one good append of that scenario. */
  async trace(scenario: ScenarioName): Promise<Point[]> {
    const { prepare, orders } = scenarioOf(scenario);
    await prepare(this);
    return this.instances.a.proxy.trace(() => this.send('a', orders(this)));
  }

  /** Faults one after the other, all that follows from them, and everything that must hold then. */
  async burst(faults: readonly Fault[]): Promise<Violation[]> {
    for (const fault of faults) await this.strike(fault);
    await this.judge();
    await this.sendUntilAcked(this.unsettled.splice(0));
    await this.judgeAll();
    return this.found.splice(0);
  }

  private async strike({ scenario, point, when, kind }: Fault): Promise<void> {
    const { prepare, orders, isAlone } = scenarioOf(scenario);
    const { a } = this.instances;
    await prepare(this);
    const sent = [...orders(this)];
    const others = isAlone ? [] : [this.newOrder('governing', 1), this.newOrder('sealed', 1)];
    // On a full disk enough is written to need room.
    if (fillsDisk(kind)) for (let more = 0; more < 6; more += 1) others.push(this.newOrder('sealed', 3));
    let healed: Promise<void> = Promise.resolve();
    let isOver = (): void => undefined;
    const over = new Promise<void>((done) => (isOver = done));
    let arrived: Promise<void> = Promise.resolve();
    const struck = new Promise<void>((done) => {
      a.proxy.arm(point, when, async (connection) => {
        done();
        const restart = () => void (healed = this.restartServer());
        const striking = strikeOf(kind)({ connection, writer: a.writer, server: this.server, over, restart });
        arrived = striking.then(() => connection.delivered);
        await striking;
      });
    });

    const mine = this.send('a', sent);
    // The other instance appends while it happens.
    await Promise.race([struck, mine]);
    const theirs = this.send('b', others);
    await Promise.all([mine, theirs]);
    if (!a.proxy.disarm()) this.violated('point_missed', 'the append took another way than the traced one');
    await healed;
    if (fillsDisk(kind)) await this.freeDisk();
    await this.headIsFree();
    isOver();
    await arrived;
    if (a.writer.wasKilled) await this.replaceWriter('a');
    this.unsettled.push(...sent, ...others);
  }

  get rows(): number {
    return this.size;
  }

  private async send(name: InstanceName, orders: readonly Order[]): Promise<void> {
    const { writer } = this.instances[name];
    const ends = await writer.append(orders);
    for (const [index, end] of ends.entries()) {
      const order = orders[index] as Order;
      if (end === 'hung' || end === 'crashed') {
        this.violated(end, `instance ${name}, command ${order.number}: ${writer.complaints}`);
        await writer.kill();
      }
      const known: End = end === 'hung' || end === 'crashed' ? { kind: 'lost' } : end;
      this.attempts.push({ order, instance: name, end: known });
      if (known.kind !== 'acked') this.counts.failedAppends += 1;
      if (known.kind === 'acked') this.size = Math.max(this.size, ...known.positions.map((position) => position + 1));
    }
  }

  private lastEnd(order: Order): End | undefined {
    return this.attempts.findLast(({ order: { number } }) => number === order.number)?.end;
  }

  /** Whoever was refused, or never answered, sends the same command again: to one instance or the other. */
  private async sendUntilAcked(orders: readonly Order[]): Promise<void> {
    for (const order of [...new Set(orders), this.someAcked()]) {
      await this.sendUntil(order, (tries) => ((order.number + tries) % 2 === 0 ? 'a' : 'b'));
    }
  }

  private async sendUntil(order: Order, by: (tries: number) => InstanceName): Promise<void> {
    const deadline = Date.now() + recoveredWithinMs;
    for (let tries = 0; ; tries += 1) {
      const name = by(tries);
      if (this.instances[name].writer.wasKilled) await this.replaceWriter(name);
      await this.send(name, [order]);
      const end = this.lastEnd(order);
      if (end?.kind === 'acked') return;
      if (Date.now() > deadline) {
        return this.violated('not_recovered', `command ${order.number}: ${JSON.stringify(end)}`);
      }
      await sleep(50);
    }
  }

  /** What each instance believes, and every checkpoint that it gives out, against what is in the database. */
  private async judgeAll(): Promise<void> {
    const last = this.attempts.slice(-8).flatMap(({ end }) => (end.kind === 'acked' ? end.positions : []));
    const looks: (Looked | undefined)[] = [];
    for (const { name, writer } of Object.values(this.instances)) {
      const looked = await writer.look(last);
      looks.push(looked);
      if (looked === undefined) this.violated('not_recovered', `instance ${name} does not tell its state`);
      else this.seen.push(seen(looked.checkpoint, `instance ${name}`, this.trusted));
      this.takeReceipts(name, [...(looked?.receipts ?? []), ...writer.takeReceipts()]);
    }
    const { governing } = await this.judge();
    for (const looked of looks) {
      if (looked !== undefined && looked.governing !== governing) {
        this.violated('state_differs', `an instance counts ${looked.governing}, the log has ${governing}`);
      }
    }
    const verified = await this.asSuperuser((db) =>
      verifyLog({ db, ...this.trusted, governance: Governance.empty([]), audit: () => undefined }),
    );
    if (!verified.ok) this.violated('not_verified', JSON.stringify(verified.problems.slice(0, 3)));
  }

  private takeReceipts(name: InstanceName, receipts: readonly string[]): void {
    for (const receipt of receipts) {
      const verified = verifyReceipt(receipt, this.trusted);
      if (verified.kind === 'refused')
        this.violated('receipt_refused', `position ${verified.position}: ${verified.check}`);
      else this.seen.push(seen(parseTlogProof(receipt).checkpoint, `a receipt of instance ${name}`, this.trusted));
    }
  }

  private async judge(): Promise<{ governing: number }> {
    const sizes = new Set(this.seen.map(({ size }) => size));
    const content = await this.asSuperuser((client) => readContent(client, sizes, this.trusted));
    this.found.push(...judge(this.attempts, this.seen, content));
    return content;
  }

  private async headIsFree(): Promise<void> {
    try {
      await this.asSuperuser(async (client) => {
        await client.query(`SET lock_timeout = ${headFreeWithinMs}`);
        await client.query('BEGIN');
        await client.query('SELECT FROM log.head FOR UPDATE');
        await client.query('ROLLBACK');
      });
    } catch (error) {
      if ((error as { code?: string }).code !== lockTimedOut) throw error;
      this.violated('head_stuck', `for more than ${headFreeWithinMs} ms`);
    }
  }

  /** PostgreSQL may still be recovering from what was done to it, and may have ended our own connection too. */
  private async asSuperuser<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    const deadline = Date.now() + recoveredWithinMs;
    for (;;) {
      try {
        this.superuser ??= openPool(this.server.superuserUrl(this.database.name), { connections: 1, name: 'faults' });
        const client = await this.superuser.connect();
        try {
          return await work(client);
        } finally {
          client.release();
        }
      } catch (error) {
        await this.superuser?.end();
        this.superuser = undefined;
        if (Date.now() > deadline || (error as { code?: string }).code === lockTimedOut) throw error;
        await sleep(50);
      }
    }
  }

  private async restartServer(): Promise<void> {
    await this.server.restart();
    this.retarget();
  }

  private async freeDisk(): Promise<void> {
    const { port } = this.server;
    await this.server.freeDisk();
    if (this.server.port !== port) this.retarget();
  }

  private retarget(): void {
    this.counts.restarts += 1;
    for (const { proxy } of Object.values(this.instances)) proxy.retarget(this.server.port);
  }

  private async replaceWriter(name: InstanceName): Promise<void> {
    this.counts.kills += 1;
    this.takeReceipts(name, this.instances[name].writer.takeReceipts());
    const fresh = this.spare;
    this.spare = this.spawn();
    this.instances[name].writer = fresh;
    await this.open(name, fresh);
  }

  private async open(name: InstanceName, writer: WriterProcess): Promise<void> {
    const url = new URL(this.server.url('custos_service', this.database));
    url.port = String(this.instances[name].proxy.port);
    for (const [bound, ms] of Object.entries(bounds)) url.searchParams.set(bound, String(ms));
    url.searchParams.set('options', `-c transaction_timeout=${transactionWithinMs}`);
    const complaint = await writer.start(url.href, this.identity);
    if (complaint !== undefined) this.violated('crashed', `instance ${name}: ${complaint}`);
  }

  private violated(rule: Rule, what: string): void {
    this.found.push({ rule, what });
  }
}
