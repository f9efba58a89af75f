import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const main = join(process.cwd(), 'dist/cli/main.js');

/** The real `custos witness`, as a process of its own on a folder of its own. */
export class WitnessProcess {
  private process: ChildProcess | undefined;
  url = '';
  said = '';

  private constructor(
    readonly folder: string,
    /** By which its cosignatures are verified. */
    readonly key: string,
  ) {}

  /** `log`: what `custos witness init` takes to know one. */
  static async init(folder: string, name: string, ...log: readonly string[]): Promise<WitnessProcess> {
    const made = await run('--json', '--data', folder, 'witness', 'init', '--name', name, ...log);
    return new WitnessProcess(folder, JSON.parse(made.said).key);
  }

  /** On the port that it had before, so that whoever knows it finds it again. */
  async start(): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const child = spawn(process.execPath, [main, '--data', this.folder, 'witness', '--port', port], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error(`ended early: ${this.said}`)));
      child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
      child.stdout.on('data', (chunk: Buffer) => {
        const [, url] = /listens on (\S+)/.exec(chunk.toString()) ?? [];
        if (url === undefined) return;
        this.url = url;
        resolve();
      });
    });
  }

  /** Another one on the same folder; resolves when it has ended. */
  second(): Promise<{ code: number | null; said: string }> {
    return run('--data', this.folder, 'witness', '--port', '0');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return ended;
  }
}

async function run(...args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}
