import { randomBytes } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { join, relative } from 'node:path';
import { Problem } from '../problem.js';

export interface HeldFolder {
  /** Whether nobody has taken the folder over. @throws Problem data_in_use */
  check(): Promise<void>;
  release(): Promise<void>;
}

/**
 * One process on a folder. A socket that the operating system takes away with the process says who is alive, however
 * it died: a lock file would have to be removed by hand after each crash, and a number of a process may be another's.
 * @throws Problem data_in_use where another process answers, or the folder cannot be written
 */
export async function holdFolder(folder: string): Promise<HeldFolder> {
  const place = join(folder, 'lock');
  // The path of a socket is at most some hundred bytes, and that of a folder is not.
  const path = shorter(place, relative(process.cwd(), place));
  if (await answers(path)) throw new Problem('data_in_use');
  await removeStale(path);
  const server = createServer((socket) => socket.destroy());
  await listen(server, path);
  const { ino } = await stat(path);
  return {
    check: async () => {
      const now = await stat(path).catch(() => undefined);
      if (now?.ino !== ino) throw new Problem('data_in_use');
    },
    release: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Moved away first, so that of two that start at once at most the other's fresh socket goes, which `check` tells. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (moved) await rm(aside, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', () => reject(new Problem('data_in_use')));
    server.listen(path, () => {
      server.unref();
      resolve();
    });
  });
}

const shorter = (a: string, b: string): string => (a.length <= b.length ? a : b);
