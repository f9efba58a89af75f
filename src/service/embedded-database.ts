import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { startEmbeddedPostgres, type RunningPostgres } from '../log/embedded-postgres.js';
import { migrate } from '../log/migrate.js';
import { filesOf } from './data-folder.js';

const database = 'custos';
const roles = ['custos_service', 'custos_keyholder', 'custos_reader'] as const;
export type DatabaseRole = (typeof roles)[number];

export interface EmbeddedDatabase {
  readonly server: RunningPostgres;
  url(role: DatabaseRole): string;
}

/** PostgreSQL on the data folder, migrated, with a password for each of Custos's roles. */
export async function startEmbeddedDatabase(dir: string): Promise<EmbeddedDatabase> {
  const files = filesOf(dir);
  const passwords = await rolePasswords(files.databasePasswords);
  const server = await startEmbeddedPostgres({ dir: files.postgres });
  try {
    await ensureDatabase(server);
    const url = new URL(server.superuserUrl);
    url.pathname = `/${database}`;
    await migrate(url.href);
    await setPasswords(server, passwords);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { server, url: (role) => server.url(role, passwords[role], database) };
}

async function rolePasswords(path: string): Promise<Record<DatabaseRole, string>> {
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined) return JSON.parse(known);
  const fresh = Object.fromEntries(roles.map((role) => [role, randomBytes(24).toString('hex')]));
  await writeFile(path, JSON.stringify(fresh), { mode: 0o600 });
  return fresh as Record<DatabaseRole, string>;
}

async function ensureDatabase(server: RunningPostgres): Promise<void> {
  await asSuperuser(server, async (client) => {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  });
}

async function setPasswords(server: RunningPostgres, passwords: Record<DatabaseRole, string>): Promise<void> {
  await asSuperuser(server, async (client) => {
    for (const role of roles) {
      // Passwords are hex digits of ours: nothing to escape, and ALTER ROLE takes no parameters.
      await client.query(`ALTER ROLE ${role} PASSWORD '${passwords[role]}'`);
    }
  });
}

async function asSuperuser(server: RunningPostgres, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
