import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whom the server runs as; undefined where that is simply the user of this process. */
export type ServerUser = { readonly uid: number; readonly gid: number } | undefined;

/**
 * PostgreSQL refuses to run as root. As root we take the owner of an existing data folder, else `postgres`,
 * else `nobody`. The user must be in /etc/passwd, since initdb looks its own name up.
 */
export async function serverUser(dir: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dir).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const wanted of ['postgres', '_postgres', 'nobody']) {
    const [, , uid, gid] =
      passwd
        .split('\n')
        .find((line) => line.startsWith(`${wanted}:`))
        ?.split(':') ?? [];
    // macOS writes the ids of `nobody` as -2: the same 32 bits, unsigned.
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
  }
  throw new Error(
    'PostgreSQL refuses to run as root, and this system has neither a user `postgres` nor `nobody`. ' +
      'Start Custos as another user, or set DATABASE_URL.',
  );
}

/** Nothing of our own environment: it may hold secrets, and PG… variables would steer the server. */
export const serverEnvironment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

/** What a child of that user is started with. Its working folder must be one that everybody can enter. */
export function spawnAs(user: ServerUser) {
  return { ...(user ?? {}), cwd: '/', env: serverEnvironment };
}

export interface HandedOver {
  /** How the child names the paths, in the same order. */
  readonly names: readonly string[];
  /** Descriptors for the child's `stdio`, from 3 on. */
  readonly descriptors: readonly number[];
  close(): void;
}

/**
 * Lets a child of another user reach these paths. Usually they just do. Where root's data lies in a folder
 * closed to others (/root is 0700), Linux still lets us open it here and pass it on as a descriptor:
 * `/proc/self/fd/N` asks only for the rights on the thing itself, not on the folders above it. No right on
 * any folder is widened for that.
 */
export function handOver(user: ServerUser, ...paths: string[]): HandedOver {
  const closed = paths.find((path) => !canEnter(user, dirname(path)));
  if (closed === undefined) return { names: paths, descriptors: [], close: () => undefined };
  if (process.platform !== 'linux') {
    throw new Error(
      `The user that PostgreSQL runs as (uid ${user?.uid}) cannot enter ${firstClosed(user, closed)}. ` +
        'Let others pass through it (chmod o+x), start Custos as its owner, or name another folder with --data.',
    );
  }
  const descriptors = paths.map((path) => openSync(path, 'r'));
  return {
    names: descriptors.map((_, index) => `/proc/self/fd/${index + 3}`),
    descriptors,
    close: () => descriptors.forEach((descriptor) => closeSync(descriptor)),
  };
}

/** Asked of the kernel, as that user: access lists and mount options have their say. */
function canEnter(user: ServerUser, folder: string): boolean {
  if (user === undefined) return true;
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], { ...spawnAs(user), stdio: 'ignore' }).status === 0;
}

function firstClosed(user: ServerUser, path: string): string {
  const parent = dirname(path);
  return parent !== path && !canEnter(user, parent) ? firstClosed(user, parent) : path;
}
