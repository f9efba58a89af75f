import pg from 'pg';

// Positions, sizes and times are bigint columns that stay below 2^53 (285 years at a million entries a second).
const int8 = 20;
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 ? safeInteger : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

/**
 * What stands in a statement of ours means what PostgreSQL means by it, whatever was set for the role or the database: a
 * schema before pg_catalog could give every operator and function another meaning. And a policy that hides rows is an error.
 * First on each connection.
 */
export const plainSession = 'SET search_path = pg_catalog, pg_temp; SET row_security = off';

export type Queryable = pg.Pool | pg.ClientBase;

/** Runs `work` on one connection: a new one of a pool, or the one at hand. */
export async function onOneClient<T>(db: Queryable, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  if (!(db instanceof pg.Pool)) return work(db);
  const client = await db.connect();
  let done = false;
  try {
    const result = await work(client);
    done = true;
    return result;
  } finally {
    // What failed may have left a query behind.
    client.release(!done);
  }
}

export interface PoolOptions {
  readonly connections: number;
  readonly name: string;
  /** No query takes longer, or the other end is gone without a word. Left out: there is no such bound. */
  readonly answersWithinMs?: number | undefined;
}

export function openPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.connections,
    application_name: options.name,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    query_timeout: options.answersWithinMs,
    // A machine that is gone answers no probe: a connection to it ends after 20 seconds.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Queries that do not wait for one another travel together.
    pipeline: true,
    types,
  });
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined);
  // The same for one that is in use: its query is rejected, and that is where it is dealt with.
  pool.on('connect', (client) => client.on('error', () => undefined));
  // Not waited for: the first query goes behind it, and a connection on which it fails is gone.
  pool.on('connect', (client) => void client.query(plainSession).catch(() => undefined));
  return pool;
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error('an integer column is out of range');
  return value;
}

/** Errors of sockets and of the system's resolver. */
const away = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']; // prettier-ignore

const ownWords =
  /^(Connection terminated|Client (was closed|has encountered a connection error)|timeout (expired|exceeded when trying to connect)|Query read timeout)/;

/** Whether the database went away, or is starting or stopping (classes 08 and 57P). Of its own errors pg tells only by words. */
export function isAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string') return away.includes(code) || /^(08|57P)/.test(code);
  return ownWords.test(String(message));
}
