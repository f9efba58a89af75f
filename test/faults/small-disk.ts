import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A data folder, its write-ahead log and a handful of small databases fit. */
const megabytes = 256;

/** Why no file system can be mounted here; undefined where one can. Jest must know before any test runs. */
export function mountRefused(): string | undefined {
  const script =
    'at=$(mktemp -d); mount -t tmpfs custos-small-disk "$at" && umount "$at"; ended=$?; rmdir "$at"; exit $ended';
  const { status, stderr } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  return status === 0 ? undefined : `no file system can be mounted here: ${stderr.trim()}`;
}

/** A file system of its own, in memory, that can be filled to the last byte: the real ENOSPC. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** Takes the right to mount. */
  static async mount(): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), `custos-small-disk-${process.pid}-`));
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'custos-small-disk', folder]);
    await chmod(folder, 0o711); // as root, the server is another user
    return new SmallDisk(folder);
  }

  async fill(): Promise<void> {
    const file = await open(this.ballast, 'w');
    try {
      for (let bytes = 1024 * 1024; bytes >= 4096; bytes /= 16) while (await written(file, bytes));
    } finally {
      await file.close();
    }
  }

  async free(): Promise<void> {
    await rm(this.ballast, { force: true });
  }

  async unmount(): Promise<void> {
    await run('umount', ['-l', this.folder]);
    await rm(this.folder, { recursive: true });
  }

  private get ballast(): string {
    return join(this.folder, 'ballast');
  }
}

async function written(file: Awaited<ReturnType<typeof open>>, bytes: number): Promise<boolean> {
  try {
    return (await file.write(Buffer.alloc(bytes))).bytesWritten > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
