import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Problem } from '../problem.js';
import { serverBinaries } from './embedded-postgres-binaries.js';
import { dataFolder, type DataFolder } from './embedded-postgres-folder.js';
import { holdDataFolder } from './embedded-postgres-lock.js';
import { isPostmasterOf, readPostmaster, stopPostmaster } from './embedded-postgres-postmaster.js';
import { launch, type Launched } from './embedded-postgres-process.js';
import { serverUser } from './embedded-postgres-user.js';

/** A PostgreSQL server of our own, and the lock on its data folder. */
export interface RunningPostgres {
  readonly port: number;
  readonly pid: number;
  /** Of the database `postgres`, with the superuser's password: never to be shown. */
  readonly superuserUrl: string;
  url(user: string, password: string, database: string): string;
  /** Ends every connection and the server, and frees the data folder. */
  stop(): Promise<void>;
  /** Called once if the server ends, or the data folder is lost, without `stop`. */
  onExit(listener: () => void): void;
}

export interface EmbeddedPostgresOptions {
  /** The data folder, made where there is none. `postgres.log` is written beside it. */
  readonly dir: string;
  /** Where the superuser's password is kept; `postgres.password` beside the data folder unless named. */
  readonly passwordFile?: string;
  /** Overrides of the modest settings; those that durability and secrecy rest on are refused. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts over after a clash: of the port, of two starts at once, of backends that outlive their server. */
const mostTries = 25;
/** Recovery after a crash replays at most `max_wal_size` (256 MB) and a little. */
const readyWithinMs = 120_000;

/**
 * Starts PostgreSQL on a data folder and holds the folder until `stop`, or until this process dies. A server
 * that an earlier Custos left behind is stopped first. It runs in a process group of its own: Ctrl-C in a
 * terminal reaches us, and the server only through `stop`. It does not keep this process alive.
 * @throws Problem data_in_use where another Custos uses the folder. Error with a cure where it cannot start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<RunningPostgres> {
  const user = await serverUser(options.dir);
  const binaries = await serverBinaries(user);
  const folder = await dataFolder({ dir: options.dir, passwordFile: options.passwordFile }, binaries, user);
  const logFile = join(dirname(folder.dir), 'postgres.log');
  for (let tries = 0; tries < mostTries; tries += 1) {
    const stalePid = await clearFolder(folder);
    const launched = await launch({
      postgres: binaries.postgres,
      dir: folder.dir,
      user,
      logFile,
      stalePid,
      settings: options.settings ?? {},
    });
    const hold = await ready(launched, folder).catch(async (error: unknown) => {
      // Whoever holds the lock decides over the server, even over one that we started.
      await (error instanceof Problem ? launched.abandon() : launched.stop());
      throw error;
    });
    if (hold !== undefined) return running(launched, folder, hold);
    if (!launched.mayTryAgain()) break;
    await sleep(200);
  }
  throw new Error(`PostgreSQL did not start on ${folder.dir}. The last lines of ${logFile} say why.`);
}

/**
 * Makes sure that no server runs on the folder. Two starts at once meet here: whichever holds the lock goes
 * on, the other is told, and no server is stopped by one who does not hold it.
 * Returns the pid that a dead server left, if it is somebody else's by now.
 */
async function clearFolder(folder: DataFolder): Promise<number | undefined> {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const found = await readPostmaster(folder.dir);
    if (found === undefined) return undefined;
    if (!(await isPostmasterOf(found.pid, folder.dir))) return found.pid;
    if (found.ready) {
      const hold = await holdDataFolder(urlOf(folder, found.port)).catch(unlessStopping);
      if (hold !== undefined) {
        await stopPostmaster(found.pid, folder.dir);
        await hold.end().catch(() => undefined);
        continue;
      }
    }
    if (Date.now() > deadline) {
      throw new Error(
        `A PostgreSQL server (process ${found.pid}) runs on ${folder.dir} and does not answer. End it, then start again.`,
      );
    }
    await sleep(50);
  }
}

/** The lock, once the server takes connections; undefined where it ended before. */
async function ready(launched: Launched, folder: DataFolder): Promise<pg.Client | undefined> {
  const deadline = Date.now() + readyWithinMs;
  while (!launched.hasExited()) {
    // Only a server that says so in our folder has surely bound the port: the password goes to nobody else.
    const found = await readPostmaster(folder.dir);
    if (found?.pid === launched.pid && found.ready) {
      const hold = await holdDataFolder(urlOf(folder, launched.port)).catch(unlessStopping);
      if (hold !== undefined) return hold;
    }
    if (Date.now() > deadline) {
      await launched.stop();
      return undefined;
    }
    await sleep(20);
  }
  return undefined;
}

/**
 * A server between two states turns us away, or cuts us off, for a moment. What it answers otherwise, and that
 * another holds the folder, is for the caller.
 */
function unlessStopping(error: unknown): undefined {
  const answered = error instanceof pg.DatabaseError && error.code?.startsWith('57P') !== true;
  if (answered || error instanceof Problem) throw error;
}

function running(launched: Launched, folder: DataFolder, hold: pg.Client): RunningPostgres {
  const listeners: (() => void)[] = [];
  let state: 'running' | 'stopping' | 'lost' = 'running';
  let stopped: Promise<void> | undefined;
  const lost = () => {
    if (state !== 'running') return;
    state = 'lost';
    for (const listener of listeners.splice(0)) listener();
  };

  let held = hold;
  const keep = (client: pg.Client) => {
    held = client;
    (client as pg.Client & { unref(): void }).unref(); // there since pg 8.0, and not in its types
    // A backend that dies takes every connection with it, and the server goes on: so must we. If another
    // Custos was faster, the folder is its own, and this one must not go on.
    client.once('end', () => {
      if (state === 'running') void ready(launched, folder).then((again) => (again ? keep(again) : lost()), lost);
    });
  };
  keep(hold);
  launched.release(lost);

  return {
    port: launched.port,
    pid: launched.pid,
    superuserUrl: urlOf(folder, launched.port),
    url: (user, password, database) => urlOf({ user, password, database }, launched.port),
    onExit: (listener) => void (state === 'lost' ? listener() : listeners.push(listener)),
    stop: () =>
      (stopped ??= (async () => {
        state = 'stopping';
        await launched.stop();
        await held.end().catch(() => undefined);
      })()),
  };
}

function urlOf(who: { user?: string; password: string; database?: string }, port: number): string {
  const [user, password, database] = [who.user ?? 'postgres', who.password, who.database ?? 'postgres'].map(
    encodeURIComponent,
  );
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
}
