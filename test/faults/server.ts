import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres, type RunningPostgres } from '../../src/log/embedded-postgres.js';
import { migrate } from '../../src/log/migrate.js';
import { removeAbandonedFolders, removeFolder, temporaryFolder } from '../postgres/temporary-folder.js';
import type { SmallDisk } from './small-disk.js';

/** Every segment of the write-ahead log is a new file, and there are few. */
const onSmallDisk = { min_wal_size: '32MB', max_wal_size: '48MB', wal_recycle: 'off', wal_buffers: '1MB' };
const roles = ['custos_service', 'custos_keyholder', 'custos_reader'] as const;

export interface FaultDatabase {
  readonly name: string;
  readonly passwords: Readonly<Record<(typeof roles)[number], string>>;
}

/** A PostgreSQL server of our own, to be killed and started again on the same data. */
export class FaultServer {
  private databases = 0;
  private hasEnded = false;

  private constructor(
    private readonly folder: string,
    private readonly dir: string,
    private readonly settings: Readonly<Record<string, string>>,
    private postgres: RunningPostgres,
    private readonly disk: SmallDisk | undefined,
  ) {
    this.watch();
  }

  static async start(disk?: SmallDisk): Promise<FaultServer> {
    await removeAbandonedFolders();
    const folder = disk?.folder ?? (await temporaryFolder());
    const dir = join(folder, 'postgres');
    const settings = disk === undefined ? {} : onSmallDisk;
    return new FaultServer(folder, dir, settings, await startEmbeddedPostgres({ dir, settings }), disk);
  }

  get port(): number {
    return this.postgres.port;
  }

  superuserUrl(database = 'postgres'): string {
    return this.postgres.url('postgres', new URL(this.postgres.superuserUrl).password, database);
  }

  url(role: (typeof roles)[number], { name, passwords }: FaultDatabase): string {
    return this.postgres.url(role, passwords[role], name);
  }

  async newDatabase(): Promise<FaultDatabase> {
    this.databases += 1;
    const name = `faults_${this.databases}`;
    const passwords = { custos_service: '', custos_keyholder: '', custos_reader: '' };
    await this.withSuperuser(async (client) => {
      if (this.databases > 1) await client.query(`DROP DATABASE IF EXISTS faults_${this.databases - 1} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${name}`);
      await migrate(this.superuserUrl(name));
      for (const role of roles) {
        passwords[role] = randomBytes(24).toString('base64url');
        await client.query(`ALTER ROLE ${role} PASSWORD '${passwords[role]}'`);
      }
    });
    return { name, passwords };
  }

  /** The power cut, as far as processes go: all of them at once, with nothing written any more. */
  async killAll(): Promise<void> {
    const { pid } = this.postgres;
    process.kill(pid, 'SIGSTOP'); // it starts no other while we look
    for (const child of await childrenOf(pid)) signal(child, 'SIGKILL');
    signal(pid, 'SIGKILL');
  }

  /** The postmaster alone: its backends notice when they next wait for something. */
  killPostmaster(): void {
    signal(this.postgres.pid, 'SIGKILL');
  }

  /** PostgreSQL's own immediate shutdown. */
  quit(): void {
    signal(this.postgres.pid, 'SIGQUIT');
  }

  /** Every byte of the disk is taken. `newSegment`: and the next record of the write-ahead log needs a new file. */
  async fillDisk({ newSegment }: { newSegment: boolean }): Promise<void> {
    if (newSegment) await this.withSuperuser((client) => client.query('SELECT pg_switch_wal()'));
    await this.disk?.fill();
  }

  /** There is room again, and the server is up, be it that it never was down. */
  async freeDisk(): Promise<void> {
    await this.disk?.free();
    for (;;) {
      if (this.hasEnded) await this.restart();
      try {
        return await this.withSuperuser(() => Promise.resolve());
      } catch {
        await sleep(50);
      }
    }
  }

  /** Once it has ended: on the same data, on another port. */
  async restart(): Promise<void> {
    while (!this.hasEnded) await sleep(10);
    this.postgres = await startEmbeddedPostgres({ dir: this.dir, settings: this.settings });
    this.hasEnded = false;
    this.watch();
  }

  async end(): Promise<void> {
    await this.postgres.stop();
    await (this.disk?.unmount() ?? removeFolder(this.folder));
  }

  private watch(): void {
    this.postgres.onExit(() => (this.hasEnded = true));
  }

  async asSuperuser(sql: string, database: string): Promise<void> {
    await this.withSuperuser((client) => client.query(sql), database);
  }

  private async withSuperuser(work: (client: pg.Client) => Promise<unknown>, database?: string): Promise<void> {
    const client = new pg.Client({ connectionString: this.superuserUrl(database) });
    client.on('error', () => undefined); // it may be killed with the server; its query says so
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it was faster
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    // `pid (name) state ppid …`, and a process may end while we look.
    all.map(
      async (name) => (await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')).split(') ')[1]?.split(' ')[1],
    ),
  );
  return all.filter((_, index) => parents[index] === String(pid)).map(Number);
}
