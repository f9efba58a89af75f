import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { End } from './judge.js';
import type { Order } from './order.js';
import type { Asked, Said } from './writer.js';

export interface Identity {
  readonly origin: string;
  /** Of the log's key, in hex. */
  readonly seed: string;
}
export type Looked = Extract<Said, { said: 'looked' }>;
/** Far past every bound that an append has. */
const answersWithinMs = 60_000;

/** The other end of writer.ts. */
export class WriterProcess {
  private readonly waiting = new Map<number, (said: Said | undefined) => void>();
  /** Given out since it was last looked. */
  private readonly receipts: string[] = [];
  private nth = 0;
  private onStarted: (said: Said | undefined) => void = () => undefined;
  private readonly gone: Promise<unknown>;
  private killed = false;
  /** What it printed to stderr, should it end by itself. */
  private complaint = '';

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.gone = once(child, 'close').then(() => this.tellAll());
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const said = JSON.parse(line) as Said;
      if (said.said === 'started') return this.onStarted(said);
      if (said.said === 'receipt') return void this.receipts.push(said.receipt);
      this.waiting.get(said.nth)?.(said);
      this.waiting.delete(said.nth);
    });
  }

  /** A process that is loaded, of another build than dist perhaps, and has not started its log: starting one takes longer than most faults. */
  static spawn(built?: string): WriterProcess {
    const args = ['--import', './bench/typescript.mjs', 'test/faults/writer.ts'];
    const child = spawn(process.execPath, built === undefined ? args : [...args, built], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new WriterProcess(child);
  }

  /** Resolves with what it complained about if it could not start. */
  async start(url: string, identity: Identity): Promise<string | undefined> {
    const started = new Promise<Said | undefined>((done) => (this.onStarted = done));
    this.ask({ ask: 'start', url, ...identity });
    const said = await this.inTime(started);
    return typeof said === 'object' ? undefined : `not started: ${this.complaints}`;
  }

  /** All at once. `hung` where it never answered. */
  append(orders: readonly Order[]): Promise<(End | 'hung' | 'crashed')[]> {
    const sent = orders.map((order) => ({ nth: this.nth++, order }));
    const ends = sent.map(({ nth }) => this.answer(nth).then((said) => this.endOf(said)));
    this.ask({ ask: 'append', orders: sent });
    return Promise.all(ends);
  }

  private endOf(said: Said | undefined | 'hung'): End | 'hung' | 'crashed' {
    if (said === 'hung') return 'hung';
    if (said === undefined) return this.killed ? { kind: 'lost' } : 'crashed';
    if (said.said === 'failed') return { kind: 'failed', code: said.code };
    if (said.said !== 'acked') throw new Error('the writer answered something else');
    const { answer, positions, repeated } = said;
    return { kind: 'acked', answer, positions, repeated };
  }

  /** Undefined if it cannot tell. */
  async look(positions: readonly number[]): Promise<Looked | undefined> {
    const nth = this.nth++;
    const answer = this.answer(nth);
    this.ask({ ask: 'look', nth, positions });
    const said = await answer;
    return said !== 'hung' && said?.said === 'looked' ? said : undefined;
  }

  /** Once around its event loop: what its sockets were told before has reached it. */
  async ping(): Promise<void> {
    const nth = this.nth++;
    const pong = this.answer(nth);
    this.ask({ ask: 'ping', nth });
    await pong;
  }

  takeReceipts(): readonly string[] {
    return this.receipts.splice(0);
  }

  get wasKilled(): boolean {
    return this.killed;
  }

  get complaints(): string {
    return this.complaint.slice(-500);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.killed = true;
    this.child.kill('SIGKILL');
    await this.gone;
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  private answer(nth: number): Promise<Said | undefined | 'hung'> {
    const said = new Promise<Said | undefined>((done) => this.waiting.set(nth, done));
    if (this.child.exitCode !== null || this.child.signalCode !== null) this.tellAll();
    return this.inTime(said);
  }

  private async inTime<T>(said: Promise<T>): Promise<T | 'hung'> {
    const late = new AbortController();
    try {
      return await Promise.race([said, sleep(answersWithinMs, 'hung' as const, { signal: late.signal, ref: false })]);
    } finally {
      late.abort();
    }
  }

  private ask(asked: Asked): void {
    this.child.stdin.write(`${JSON.stringify(asked)}\n`);
  }

  private tellAll(): void {
    this.onStarted(undefined);
    for (const done of this.waiting.values()) done(undefined);
    this.waiting.clear();
  }
}
