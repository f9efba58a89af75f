import type pg from 'pg';

/** For a baseline with tables of its own, in `public`: the log's connections do not look there for a name. */
export function withOwnTables(pool: pg.Pool): pg.Pool {
  pool.on('connect', (client) => void client.query('SET search_path TO public').catch(() => undefined));
  return pool;
}
