import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { register as registerAcceptRollback } from '../src/cli/accept-rollback.js';
import { register as registerBackup } from '../src/cli/backup.js';
import { run } from '../src/cli/program.js';
import type { TestDatabase } from './postgres/database.js';
import type { VaultInProcess } from './vault-in-process.js';

type Kind = 'log' | 'keys';
/** Whoever runs the database may read each with this role, and no other. */
const roles = { log: 'custos_reader', keys: 'custos_keyholder' } as const;

/** What the operator of this vault does on the command line, run in this process. */
export class Backups {
  private constructor(
    private readonly vault: VaultInProcess,
    readonly folder: string,
  ) {}

  static async of(vault: VaultInProcess): Promise<Backups> {
    const folder = await mkdtemp(join(tmpdir(), 'custos-backups-'));
    await vault.writeTrustFile(join(folder, 'trust.json'));
    return new Backups(vault, folder);
  }

  remove = () => rm(this.folder, { recursive: true });
  path = (name: string) => join(this.folder, name);

  /** @throws Error unless it was made */
  async take(kind: Kind, name: string = kind): Promise<void> {
    const more = kind === 'keys' ? ['--keys'] : [];
    await this.done('backup', this.path(name), ...more, '--database', this.vault.database.url(roles[kind]));
  }

  /** The log comes first, as the documentation says. */
  async restore(names: readonly string[], into: TestDatabase): Promise<void> {
    for (const name of names) await this.done('restore', this.path(name), '--database', into.superuserUrl);
  }

  /** Every file of these, as it is and unpacked. */
  async contents(...names: readonly string[]): Promise<Buffer[]> {
    const all: Buffer[] = [];
    for (const name of names) {
      for (const file of await readdir(this.path(name))) {
        const bytes = await readFile(join(this.path(name), file));
        all.push(bytes, ...(file.endsWith('.gz') ? [gunzipSync(bytes)] : []));
      }
    }
    return all;
  }

  async acceptRollback(file: string, kept: number): Promise<void> {
    await this.done('accept-rollback', '--file', file, '--kept', String(kept), '--reason', 'the disk broke');
  }

  private async done(...args: string[]): Promise<void> {
    const said = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    const code = await run(
      [...args, '--json', '--data', this.folder],
      [registerBackup, registerAcceptRollback],
    ).finally(() => said.mockRestore());
    if (code !== 0) throw new Error(`custos ${args[0]} ended with ${code}`);
  }
}
