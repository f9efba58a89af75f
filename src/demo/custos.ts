import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { claim, ClaimFailed, claimSame } from './claim.js';

export const commandFile = fileURLToPath(new URL('../cli/main.js', import.meta.url));

export interface Answer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RefusalSeen {
  readonly code: string;
  readonly rules?: readonly string[];
  readonly position?: number;
}

/** The `custos` command as a person types it: a process of its own, judged by its output and exit code. */
export interface Custos {
  run(as: string | undefined, ...args: string[]): Promise<Answer>;
  /** The JSON document of a command that must succeed. */
  done<T>(as: string | undefined, ...args: string[]): Promise<T>;
  /** The NDJSON lines of a command that must succeed. */
  lines<T>(as: string | undefined, ...args: string[]): Promise<T[]>;
  /** The refusal of a command that must be refused with this code, and exit with 1. */
  refused(code: string, as: string, ...args: string[]): Promise<RefusalSeen>;
}

/** A containment of a thousand readings, on a machine that does other things as well. */
const longestMs = 300_000;

export function custosFor(data: string, url: () => string): Custos {
  const run: Custos['run'] = (as, ...args) =>
    new Promise((resolve, reject) => {
      const globals = ['--json', '--data', data, ...(as === undefined ? [] : ['--as', as])];
      const child = spawn(process.execPath, [commandFile, ...globals, ...args], {
        env: { ...process.env, CUSTOS_URL: url() },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: longestMs,
      });
      const said = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
      child.on('error', reject);
      child.on('close', (exitCode) => resolve({ exitCode, ...said }));
    });
  const succeeded = async (as: string | undefined, args: string[]): Promise<string> => {
    const { exitCode, stdout } = await run(as, ...args);
    claim(exitCode === 0, `custos ${args[0]} exits with ${exitCode}, expected 0 (${codeIn(stdout)})`);
    return stdout;
  };
  return {
    run,
    done: async <T>(as: string | undefined, ...args: string[]) => parsed<T>(await succeeded(as, args), args[0]),
    lines: async <T>(as: string | undefined, ...args: string[]) =>
      (await succeeded(as, args))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => parsed<T>(line, args[0])),
    refused: async (code, as, ...args) => {
      const { exitCode, stdout } = await run(as, ...args);
      claimSame([codeIn(stdout), exitCode], [code, 1], `code and exit code of custos ${args[0]}`);
      return lastLine<RefusalSeen>(stdout) as RefusalSeen;
    },
  };
}

function parsed<T>(text: string, command: string | undefined): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ClaimFailed(`custos ${command} --json prints what is no JSON`);
  }
}

/** A stream that is refused midway says so in its last line. */
function lastLine<T>(stdout: string): T | undefined {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T;
  } catch {
    return undefined;
  }
}

const codeIn = (stdout: string) => lastLine<{ code?: string }>(stdout)?.code ?? 'no code';
