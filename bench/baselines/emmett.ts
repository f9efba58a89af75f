import pg from 'pg';
import { baselinePackage } from '../packages.js';
import type { TestDatabase } from '../../test/postgres/database.js';

interface EmmettStore {
  appendToStream(stream: string, events: readonly { type: string; data: object }[]): Promise<unknown>;
  schema: { migrate(): Promise<unknown> };
  close(): Promise<void>;
}
type Emmett = { getPostgreSQLEventStore(url: string, options: object): EmmettStore };

/** An event store of others on the same server, with a connection for each writer up to 64. */
export async function emmett(database: TestDatabase, writers: number) {
  const { getPostgreSQLEventStore } = await baselinePackage<Emmett>('@event-driven-io/emmett-postgresql');
  const pool = new pg.Pool({ connectionString: database.superuserUrl, max: Math.min(writers, 64) });
  const store = getPostgreSQLEventStore(database.superuserUrl, {
    connectionOptions: { pool, pooled: true },
    schema: { autoMigration: 'None' },
  });
  const migrating = getPostgreSQLEventStore(database.superuserUrl, {});
  await migrating.schema.migrate();
  await migrating.close();
  return {
    append: (stream: string, data: object) => store.appendToStream(stream, [{ type: 'small', data }]),
    rows: async () => (await pool.query<{ n: string }>('SELECT count(*) AS n FROM emt_messages')).rows[0]?.n,
    async close() {
      await store.close();
      await pool.end();
    },
  };
}
