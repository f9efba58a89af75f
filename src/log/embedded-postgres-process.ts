import { spawn, type ChildProcess } from 'node:child_process';
import { constants, open, rename, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { settingArguments } from './embedded-postgres-settings.js';
import { handOver, spawnAs, type ServerUser } from './embedded-postgres-user.js';

/** A server process that we started. It is its own process group. */
export interface Launched {
  readonly pid: number;
  readonly port: number;
  hasExited(): boolean;
  /** It ended for a reason that passes by itself. */
  mayTryAgain(): boolean;
  /** From here on it does not keep this process alive; `onExit` is called when it ends. */
  release(onExit: () => void): void;
  /** It is another's by now: neither our end nor `stop` is to end it. */
  abandon(): void;
  stop(): Promise<void>;
}

/** One older log is kept beside the current one, so the two have a bound. */
const largestLogBytes = 1_000_000;
/** A fast shutdown writes a checkpoint; past this time the write-ahead log has to do. */
const stopWithinMs = 30_000;

interface Launch {
  readonly postgres: string;
  readonly dir: string;
  readonly user: ServerUser;
  readonly logFile: string;
  /** Named in `postmaster.pid`, and known to be no server on this folder. */
  readonly stalePid: number | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

export async function launch(what: Launch): Promise<Launched> {
  const port = await freePort();
  const settings = settingArguments(port, what.settings);
  const log = await openLog(what.logFile);
  const { size } = await log.stat();
  let started: { child: ChildProcess; ended: Promise<void> };
  try {
    started = startProcess(what, settings, log.fd);
  } finally {
    await log.close();
  }
  const { child, ended } = started;
  let exited: { code: number | null; said: string } | undefined;
  let onExit: () => void = () => undefined;
  const gone = ended.then(async () => {
    exited = { code: child.exitCode, said: await tail(what.logFile, size) };
    process.off('exit', farewell);
    onExit();
  });
  // An exception that ends this process leaves no server behind. SIGKILL does: the next start finds it.
  const farewell = () => void child.kill('SIGINT');
  process.once('exit', farewell);

  return {
    pid: child.pid ?? 0,
    port,
    hasExited: () => exited !== undefined,
    // Code 0: another start held the lock and stopped this server. The texts are fixed by --locale=C.
    mayTryAgain: () =>
      exited?.code === 0 || /Address already in use|shared memory block|lock file/.test(exited?.said ?? ''),
    release: (listener) => {
      onExit = listener;
      if (exited !== undefined) listener();
      child.unref();
    },
    abandon: () => {
      process.off('exit', farewell);
      child.unref();
    },
    stop: async () => {
      child.ref(); // else a process with nothing left to do would end before its server
      for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
        if (exited === undefined) child.kill(signal);
        if (await within(stopWithinMs, gone)) return;
      }
      throw new Error(`PostgreSQL (process ${child.pid}) does not stop.`);
    },
  };
}

function startProcess({ postgres, dir, user, stalePid }: Launch, settings: string[], log: number) {
  const { names, descriptors, close } = handOver(user, dir);
  const as = spawnAs(user);
  try {
    const child = spawn(postgres, ['-D', names[0] ?? dir, ...settings], {
      ...as,
      // PostgreSQL takes a living process of this user for the owner of the folder, except its own ancestors,
      // of which it lets us name one (PostgreSQL, CreateLockFile in miscinit.c). Removing the file instead
      // would skip its check that no backend of the dead server still has the shared memory.
      env: stalePid === undefined ? as.env : { ...as.env, PG_GRANDPARENT_PID: String(stalePid) },
      detached: true,
      stdio: ['ignore', log, log, ...descriptors],
    });
    const ended = new Promise<void>((done) => {
      child.once('error', () => done()); // it never ran: the same as an exit
      child.once('exit', () => done());
    });
    return { child, ended };
  } finally {
    close();
  }
}

/** Free a moment ago. The next launch picks another if somebody was faster. */
function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

async function openLog(logFile: string) {
  const before = await stat(logFile).catch(() => undefined);
  if (before !== undefined && before.size > largestLogBytes) await rename(logFile, `${logFile}.1`);
  // No link is followed: as root, we may write into a folder of another user here.
  return open(logFile, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
}

async function tail(logFile: string, from: number): Promise<string> {
  const file = await open(logFile, 'r').catch(() => undefined);
  if (file === undefined) return '';
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4_096), 0, 4_096, from);
  await file.close();
  return buffer.toString('utf8', 0, bytesRead);
}

/** Whether it was done in time. */
async function within(ms: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  const inTime = await Promise.race([done.then(() => true as const), late]);
  clearTimeout(timer);
  return inTime;
}
