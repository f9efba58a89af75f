import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What a server wrote into its data folder's `postmaster.pid`. It may be long dead. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** It accepts connections. By then it has bound its port, so nobody else can listen there. */
  readonly ready: boolean;
}

/** The lines are fixed (PostgreSQL, src/include/utils/pidfile.h): 1 pid, 4 port, 8 status. */
export async function readPostmaster(dir: string): Promise<Postmaster | undefined> {
  const lines = await readFile(join(dir, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid < 1) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7]?.trim() === 'ready' };
}

/**
 * Whether this process is a PostgreSQL server on this folder. After a restart of the machine or container the
 * same pid may be anybody's; and a dead child that nobody waited for still has its pid, but no working folder.
 */
export async function isPostmasterOf(pid: number, dir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
      stdout: '',
    }));
    return stdout.includes('postgres') && stdout.includes(dir);
  }
  // A server's working folder is its data folder. What we may not look into runs as another user: not ours.
  const [name, here, there] = await Promise.all([
    readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''),
    stat(`/proc/${pid}/cwd`).catch(() => undefined),
    stat(dir),
  ]);
  return name.trim() === 'postgres' && here?.ino === there.ino && here.dev === there.dev;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Ends a server that is not our child. Fast first; then at once, which its log repairs at the next start. */
export async function stopPostmaster(pid: number, dir: string): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await isPostmasterOf(pid, dir))) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < 10_000; waited += 50) {
      if (!(await isPostmasterOf(pid, dir))) return;
      await sleep(50);
    }
  }
  throw new Error(`A PostgreSQL server (process ${pid}) runs on ${dir} and does not stop. End it, then start again.`);
}
