import { chmod, lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, readPostmaster, stopPostmaster } from '../../src/log/embedded-postgres-postmaster.js';

const prefix = 'custos-int-';

/** A folder for one server, named after its owner, so that a later run can tell that its owner died. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${prefix}${process.pid}-`));
  await chmod(folder, 0o711); // as root, the server is another user
  return folder;
}

/** Ends the servers of runs that were killed, and removes their folders. Running ones are left alone. */
export async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = Number(/^custos-int-(\d+)-/.exec(name)?.[1]);
    const folder = join(tmpdir(), name);
    if (!Number.isSafeInteger(owner) || isAlive(owner)) continue;
    if ((await lstat(folder)).uid === process.getuid?.()) await removeFolder(folder);
  }
}

/** Servers keep their data one level below. */
export async function removeFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const dir = join(folder, name);
    const found = await readPostmaster(dir);
    if (found !== undefined) await stopPostmaster(found.pid, dir);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
