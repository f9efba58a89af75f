import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/log/embedded-postgres.js';
import { migrate } from '../../src/log/migrate.js';
import { removeAbandonedFolders, removeFolder, temporaryFolder } from './temporary-folder.js';

export const roles = ['custos_service', 'custos_keyholder', 'custos_reader'] as const;
export type Role = (typeof roles)[number];

/** What the workers of a run are told, in their environment. */
export interface TestServer {
  /** Of the database `postgres`. */
  readonly superuserUrl: string;
  readonly passwords: Readonly<Record<Role, string>>;
}
export const environmentName = 'CUSTOS_TEST_POSTGRES';
export const templateName = 'custos_template';

/** One server for the whole run, with a migrated database to copy. Returns how to end it. */
export async function startTestServer(): Promise<() => Promise<void>> {
  await removeAbandonedFolders();
  const folder = await temporaryFolder();
  const server = await startEmbeddedPostgres({ dir: join(folder, 'postgres'), settings: { max_connections: '100' } });
  const end = async () => {
    await server.stop();
    await removeFolder(folder);
  };
  try {
    const passwords = await makeTemplate(server.superuserUrl);
    process.env[environmentName] = JSON.stringify({
      superuserUrl: server.superuserUrl,
      passwords,
    } satisfies TestServer);
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}

export function urlTo(superuserUrl: string, database: string): string {
  const url = new URL(superuserUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function makeTemplate(superuserUrl: string): Promise<Record<Role, string>> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${templateName}`);
    await migrate(urlTo(superuserUrl, templateName));
    // A template with a connection cannot be copied; this one takes none.
    await client.query(`ALTER DATABASE ${templateName} IS_TEMPLATE true ALLOW_CONNECTIONS false`);
    const passwords = {} as Record<Role, string>;
    for (const role of roles) {
      passwords[role] = randomBytes(24).toString('base64url');
      await client.query(`ALTER ROLE ${role} PASSWORD '${passwords[role]}'`);
    }
    return passwords;
  } finally {
    await client.end();
  }
}
