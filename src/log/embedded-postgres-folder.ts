import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, lchown, link, lstat, mkdir, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Binaries } from './embedded-postgres-binaries.js';
import { isAlive } from './embedded-postgres-postmaster.js';
import { handOver, spawnAs, type ServerUser } from './embedded-postgres-user.js';

export interface DataFolder {
  /** Absolute, and without symbolic links. */
  readonly dir: string;
  /** The superuser's. */
  readonly password: string;
}

/** Makes the data folder where there is none, and leaves one that is there as it is. */
export async function dataFolder(
  place: { dir: string; passwordFile: string | undefined },
  { initdb, major }: Binaries,
  user: ServerUser,
): Promise<DataFolder> {
  const dir = await located(place.dir, user);
  const passwordFile = resolve(place.passwordFile ?? join(dirname(dir), 'postgres.password'));
  const files = await readdir(dir).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new Error(`The data folder ${dir} cannot be read (${error.code}). Name another with --data.`);
  });
  if (files.length === 0) await initialise({ dir, passwordFile }, initdb, user);
  else if (!files.includes('PG_VERSION')) {
    throw new Error(`${dir} holds other files than PostgreSQL's. Name another folder with --data.`);
  }
  await requireUsable(dir, major, user);
  const password = await readFile(passwordFile, 'utf8').catch(() => {
    throw new Error(`The superuser's password cannot be read from ${passwordFile}. It belongs to ${dir}: restore it.`);
  });
  return { dir, password: password.trim() };
}

async function located(dir: string, user: ServerUser): Promise<string> {
  const parent = dirname(resolve(dir));
  // Others may pass, not look: as root, the server is another user.
  await mkdir(parent, { recursive: true, mode: user === undefined ? 0o700 : 0o711 });
  return realpath(dir).catch(async () => join(await realpath(parent), basename(resolve(dir))));
}

async function requireUsable(dir: string, major: string, user: ServerUser): Promise<void> {
  const version = (await readFile(join(dir, 'PG_VERSION'), 'utf8')).trim();
  if (version !== major) {
    throw new Error(`${dir} was written by PostgreSQL ${version}, and this is ${major}. Name another with --data.`);
  }
  const { uid } = await lstat(dir);
  if (user !== undefined && uid !== user.uid) await giveTo(user, dir); // restored by root from a backup
  if (user === undefined && uid !== process.getuid?.()) {
    throw new Error(`${dir} belongs to another user (uid ${uid}). Start Custos as that user or as root.`);
  }
  await chmod(dir, 0o700);
}

async function giveTo(user: NonNullable<ServerUser>, dir: string): Promise<void> {
  for (const name of await readdir(dir, { recursive: true })) await lchown(join(dir, name), user.uid, user.gid);
  await lchown(dir, user.uid, user.gid);
}

/** initdb works aside, so that a data folder under its own name is whole, even if we are killed here. */
async function initialise(
  { dir, passwordFile }: { dir: string; passwordFile: string },
  initdb: string,
  user: ServerUser,
): Promise<void> {
  await removeAbandoned(dir);
  await makePassword(passwordFile, user);
  const fresh = `${dir}.new-${process.pid}`;
  await mkdir(fresh, { mode: 0o700 });
  if (user !== undefined) await lchown(fresh, user.uid, user.gid);
  await runInitdb({ fresh, passwordFile }, initdb, user);
  await rename(fresh, dir).catch(async (error: NodeJS.ErrnoException) => {
    await rm(fresh, { recursive: true, force: true });
    // Another process made one meanwhile, with the same password file: that one is as good.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await sync(dirname(dir));
}

/** What an initdb left that was killed, or whose parent was. One that may still run is left alone. */
async function removeAbandoned(dir: string): Promise<void> {
  const prefix = `${basename(dir)}.new-`;
  for (const name of await readdir(dirname(dir))) {
    if (!name.startsWith(prefix)) continue;
    const pid = Number(name.slice(prefix.length));
    if (pid !== process.pid && isAlive(pid)) continue;
    await rm(join(dirname(dir), name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Of two processes that start at once, both use the password of the first. The file belongs to the server's
 * user, who reads it for initdb and owns all that it protects anyway.
 */
async function makePassword(passwordFile: string, user: ServerUser): Promise<void> {
  const draft = `${passwordFile}.${randomBytes(8).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    if (user !== undefined) await file.chown(user.uid, user.gid);
    await file.sync();
    await link(draft, passwordFile).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await file.close();
    await rm(draft, { force: true });
  }
}

async function runInitdb(
  { fresh, passwordFile }: { fresh: string; passwordFile: string },
  initdb: string,
  user: ServerUser,
): Promise<void> {
  const { names, descriptors, close } = handOver(user, fresh, passwordFile);
  const options = ['--username=postgres', '--encoding=UTF8', '--locale=C', '--data-checksums', '--auth=scram-sha-256'];
  try {
    const child = spawn(initdb, [`--pgdata=${names[0]}`, `--pwfile=${names[1]}`, ...options], {
      ...spawnAs(user),
      stdio: ['ignore', 'ignore', 'pipe', ...descriptors],
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2_000)));
    const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
    // initdb names files and limits of the system, and never the password.
    if (code !== 0) throw new Error(`initdb could not make a data folder beside ${fresh}. It said: ${said.trim()}`);
  } finally {
    close();
  }
}

/** A rename is durable once its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync();
  await handle.close();
}
