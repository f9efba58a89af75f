import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { environmentName, templateName, urlTo, type Role, type TestServer } from './server.js';

/** A migrated, empty database for one spec file. */
export interface TestDatabase {
  readonly name: string;
  readonly superuserUrl: string;
  /** As one of the roles that the migrations made. */
  url(role: Role): string;
  /** @throws Error where connections are still open: a spec that leaks one fails. The database goes anyway. */
  drop(): Promise<void>;
}

/** Any number that the code under test does not lock in the database `postgres`. */
const cloneKey = 7199;

export async function cloneDatabase(): Promise<TestDatabase> {
  const server = testServer();
  const name = `custos_test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(server, async (client) => {
    // Two copies of one template at once refuse each other ("source database is being accessed").
    await client.query('SELECT pg_advisory_lock($1)', [cloneKey]);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName}`);
  });
  return {
    name,
    superuserUrl: urlTo(server.superuserUrl, name),
    url: (role) => {
      const url = new URL(urlTo(server.superuserUrl, name));
      url.username = role;
      url.password = server.passwords[role];
      return url.href;
    },
    drop: () => asSuperuser(server, (client) => drop(client, name)),
  };
}

function testServer(): TestServer {
  const told = process.env[environmentName];
  if (told === undefined) throw new Error('No test server: run this spec with `jest --selectProjects int`.');
  return JSON.parse(told) as TestServer;
}

async function asSuperuser(server: TestServer, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function drop(client: pg.Client, name: string): Promise<void> {
  let open = await connections(client, name);
  // The server sees the end of a connection a moment after its client.
  for (let tries = 0; open > 0 && tries < 40; tries += 1) {
    await sleep(50);
    open = await connections(client, name);
  }
  await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  if (open > 0) throw new Error(`${open} connections to the database of this spec are still open: end them first.`);
}

async function connections(client: pg.Client, name: string): Promise<number> {
  const { rows } = await client.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM pg_stat_activity WHERE datname = $1 AND backend_type = 'client backend'`,
    [name],
  );
  return rows[0]?.open ?? 0;
}
