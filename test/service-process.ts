import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mintDevToken } from '../src/identity/dev-people.js';
import { custosMain, runCustos, type Ran } from './run-custos.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each test knows the shape that it asks for
  readonly json: any;
}

/** The real service, `custos serve --dev`, as a process of its own on a data folder of its own. */
export class ServiceProcess {
  private process: ChildProcess | undefined;
  url = '';
  /** Settings that it starts with from now on, beside those of this process. */
  settings: Readonly<Record<string, string>> = {};
  /** All that the process said on both outputs, over all its lives. */
  said = '';

  private constructor(
    readonly folder: string,
    readonly data: string,
    private readonly how: { readonly program: readonly string[]; readonly logLevel: string },
  ) {}

  /** `program`: arguments to Node that are the command line; left out, the built one. */
  static async start({ program = [custosMain], logLevel = 'trace' } = {}): Promise<ServiceProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'custos-system-'));
    const service = new ServiceProcess(folder, join(folder, 'data'), { program, logLevel });
    await mkdir(service.temporary);
    await service.start();
    return service;
  }

  /** Where it and the command line, and nobody else, put temporary files. */
  get temporary(): string {
    return join(this.folder, 'tmp');
  }

  async start(): Promise<void> {
    const child = this.launch();
    this.process = child;
    const ended = new Promise<never>((_, reject) =>
      child.once('exit', () => reject(new Error(`ended early: ${this.said}`))),
    );
    ended.catch(() => undefined);
    await Promise.race([ended, this.ready()]);
  }

  /** Another one on the same folder; resolves when it has ended. */
  async second(): Promise<{ code: number | null; said: string }> {
    const child = this.launch();
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { code, said };
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.process as ChildProcess;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }

  /** Ends everything, an orphaned PostgreSQL too, and removes the folder. */
  async remove(): Promise<void> {
    if (this.process?.exitCode === null && this.process.signalCode === null) await this.stop('SIGTERM');
    const pid = await readFile(join(this.data, 'postgres/postmaster.pid'), 'utf8').catch(() => undefined);
    if (pid !== undefined) {
      try {
        process.kill(Number(pid.split('\n')[0]), 'SIGQUIT');
        await sleep(500);
      } catch {
        // It has ended already.
      }
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  /** `as` is a name of dev mode; undefined sends no token. */
  async ask(
    as: string | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const authorization = as === undefined ? {} : { authorization: `Bearer ${await mintDevToken(this.data, as)}` };
    const raw = typeof body === 'string';
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...authorization, ...headers },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: parsed(text) };
  }

  /** Runs the command line against this service. */
  custos(...args: readonly string[]): Promise<Ran> {
    return runCustos(args, { ...process.env, TMPDIR: this.temporary, CUSTOS_URL: this.url, CUSTOS_DATA: this.data });
  }

  private launch(): ChildProcess {
    const child = spawn(
      process.execPath,
      [...this.how.program, 'serve', '--dev', '--data', this.data, '--port', this.settings['CUSTOS_PORT'] ?? '0'],
      {
        env: { ...process.env, TMPDIR: this.temporary, CUSTOS_LOG_LEVEL: this.how.logLevel, ...this.settings },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    child.stdout.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    return child;
  }

  private async ready(): Promise<void> {
    const child = this.process;
    const pid = child?.pid;
    // One that has ended is never ready, and asking on would keep jest from ending.
    while (child?.exitCode === null && child.signalCode === null) {
      const told = await readFile(join(this.data, 'running.json'), 'utf8').then(JSON.parse, () => undefined);
      if (told?.pid === pid) {
        this.url = told.url;
        return;
      }
      await sleep(50);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
