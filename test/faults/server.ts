import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, type RunningPostgres } from '../../src/log/embedded-postgres.js';
import { migrate } from '../../src/log/migrate.js';
import { removeAbandonedFolders, removeFolder, temporaryFolder } from '../postgres/temporary-folder.js';

const roles = ['custos_service', 'custos_reader'] as const;

export interface FaultDatabase {
  readonly name: string;
  readonly passwords: Readonly<Record<(typeof roles)[number], string>>;
}

/** A PostgreSQL server of our own, to be killed and started again on the same data. */
export class FaultServer {
  private databases = 0;

  private constructor(
    private readonly folder: string,
    private readonly dir: string,
    private readonly settings: Readonly<Record<string, string>>,
    private postgres: RunningPostgres,
  ) {}

  /** In a folder for temporary files, unless another is given. It is removed in the end. */
  static async start(given?: string, settings: Readonly<Record<string, string>> = {}): Promise<FaultServer> {
    await removeAbandonedFolders();
    const folder = given ?? (await temporaryFolder());
    const dir = join(folder, 'postgres');
    return new FaultServer(folder, dir, settings, await startEmbeddedPostgres({ dir, settings }));
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
    const passwords = { custos_service: '', custos_reader: '' };
    const client = new pg.Client({ connectionString: this.superuserUrl() });
    await client.connect();
    try {
      if (this.databases > 1) await client.query(`DROP DATABASE IF EXISTS faults_${this.databases - 1} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${name}`);
      await migrate(this.superuserUrl(name));
      for (const role of roles) {
        passwords[role] = randomBytes(24).toString('base64url');
        await client.query(`ALTER ROLE ${role} PASSWORD '${passwords[role]}'`);
      }
    } finally {
      await client.end();
    }
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

  /** On the same data, on another port. */
  async restart(): Promise<void> {
    const gone = new Promise<void>((done) => this.postgres.onExit(done));
    await gone;
    this.postgres = await startEmbeddedPostgres({ dir: this.dir, settings: this.settings });
  }

  async end(): Promise<void> {
    await this.postgres.stop();
    await removeFolder(this.folder);
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
