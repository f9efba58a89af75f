import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPostmaster, stopPostmaster } from '../log/embedded-postgres-postmaster.js';
import { filesOf } from '../service/data-folder.js';
import { ClaimFailed } from './claim.js';
import { commandFile } from './custos.js';

const readyWithinMs = 90_000;
const stopWithinMs = 20_000;

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly exited: Promise<number | null>;
}

/** The service as a process of its own, on a data folder that outlives it. */
export class ServiceProcess {
  private current: Running | undefined;
  private ended = false;
  private said = '';

  constructor(private readonly data: string) {}

  /** Everything that it printed, in all its lives. */
  get output(): string {
    return this.said;
  }

  get url(): string {
    if (this.current === undefined) throw new ClaimFailed('the service does not run');
    return this.current.url;
  }

  async start(): Promise<void> {
    if (this.ended) throw new ClaimFailed('the demo is over');
    // A group of its own: Ctrl-C reaches the demo, and the demo stops the service.
    const child = spawn(process.execPath, [commandFile, 'serve', '--dev', '--data', this.data, '--port', '0'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.said += text));
    }
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    this.current = { child, url: '', exited };
    this.current = { child, url: await this.ready(child), exited };
  }

  /** As an operator does. Returns its exit code. */
  async stop(): Promise<number | null> {
    const { child, exited } = this.running();
    child.kill('SIGTERM');
    const code = await Promise.race([exited, sleep(stopWithinMs, 'late' as const, { ref: false })]);
    if (code === 'late') throw new ClaimFailed('the service does not stop');
    this.current = undefined;
    return code;
  }

  /** As the kernel does: nothing of it gets to say goodbye. */
  async kill(): Promise<void> {
    const { child, exited } = this.running();
    child.kill('SIGKILL');
    await exited;
    this.current = undefined;
  }

  /** Leaves nothing running, whatever happened: a killed service leaves its PostgreSQL behind. */
  async end(): Promise<void> {
    this.ended = true;
    if (this.current !== undefined) await this.stop().catch(() => this.kill());
    const { postgres } = filesOf(this.data);
    const left = await readPostmaster(postgres);
    if (left !== undefined) await stopPostmaster(left.pid, postgres);
  }

  private running(): Running {
    if (this.current === undefined) throw new ClaimFailed('the service does not run');
    return this.current;
  }

  private async ready(child: ChildProcess): Promise<string> {
    const deadline = Date.now() + readyWithinMs;
    while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
      const url = await this.urlOf(child);
      const answer = url === undefined ? undefined : await fetch(`${url}/health/ready`).catch(() => undefined);
      if (url !== undefined && answer?.ok === true) return url;
      await sleep(50);
    }
    throw new ClaimFailed(`the service does not get ready; it said: ${this.said.trim().slice(-500)}`);
  }

  /** What a killed service wrote still lies there: only this process's own word counts. */
  private async urlOf({ pid }: ChildProcess): Promise<string | undefined> {
    try {
      const found = JSON.parse(await readFile(filesOf(this.data).runtime, 'utf8')) as { url: string; pid: number };
      return found.pid === pid ? found.url : undefined;
    } catch {
      return undefined;
    }
  }
}
