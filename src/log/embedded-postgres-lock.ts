import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Problem } from '../problem.js';

/** Of the database `postgres`. Migrations lock another number, in their own database. */
const dataFolderKey = 7101;

/**
 * Takes the lock that says "a Custos uses this data folder". PostgreSQL frees it when the connection ends,
 * however the holder died, so a server whose lock is free has lost its owner.
 *   superuserUrl  of the database `postgres`
 * @throws Problem data_in_use where another holds it. A connection's errors come as pg gives them.
 */
export async function holdDataFolder(superuserUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: superuserUrl,
    application_name: 'custos data folder',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined); // whoever holds it listens to `end`
  try {
    await client.connect();
    // A holder that was killed a moment ago: the server needs a moment, too, to see its connection end.
    for (let tries = 0; tries < 10; tries += 1) {
      const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [
        dataFolderKey,
      ]);
      if (rows[0]?.held === true) return client;
      await sleep(100);
    }
    throw new Problem('data_in_use');
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
