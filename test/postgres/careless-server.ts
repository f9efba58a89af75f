import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serverBinaries } from '../../src/log/embedded-postgres-binaries.js';
import { serverUser, spawnAs } from '../../src/log/embedded-postgres-user.js';
import { startEmbeddedPostgres } from '../../src/log/embedded-postgres.js';
import { migrate } from '../../src/log/migrate.js';
import { removeFolder, temporaryFolder } from './temporary-folder.js';

const role = 'custos_service';

/**
 * A migrated server of its own that can be started with settings that ours refuses to start with, as the server of
 * somebody else may be: without fsync, or as a standby.
 */
export class CarelessServer {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly password: string,
  ) {}

  static async make(): Promise<CarelessServer> {
    const folder = await temporaryFolder();
    const password = randomBytes(24).toString('hex');
    const server = await startEmbeddedPostgres({ dir: join(folder, 'postgres') });
    await migrate(server.superuserUrl);
    const client = new pg.Client({ connectionString: server.superuserUrl });
    await client.connect();
    await client.query(`ALTER ROLE ${role} PASSWORD '${password}'`);
    await client.end();
    await server.stop();
    return new CarelessServer(folder, password);
  }

  /** Returns the address of its database, as the role of the service. */
  async start(settings: Readonly<Record<string, string>>, as: 'primary' | 'standby' = 'primary'): Promise<string> {
    const dir = join(this.folder, 'postgres');
    const user = await serverUser(dir);
    const { postgres } = await serverBinaries(user);
    const signal = join(dir, 'standby.signal');
    if (as === 'standby') await writeFile(signal, '');
    else await rm(signal, { force: true });
    const port = await freePort();
    const all = { ...settings, port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' };
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    this.process = spawn(postgres, ['-D', dir, ...options], { ...spawnAs(user), stdio: 'ignore' });
    while (!/\nready/.test(await readFile(join(dir, 'postmaster.pid'), 'utf8').catch(() => ''))) {
      if (this.process.exitCode !== null) throw new Error('the careless server did not start');
      await sleep(20);
    }
    return `postgres://${role}:${this.password}@127.0.0.1:${port}/postgres`;
  }

  async stop(): Promise<void> {
    const child = this.process;
    if (child === undefined) return;
    this.process = undefined;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGINT')) await ended;
  }

  async remove(): Promise<void> {
    await this.stop();
    await removeFolder(this.folder);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
