import { hash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { openPool } from '../src/log/database.js';
import { Governance } from '../src/log/governance.js';
import { LogReader } from '../src/log/log-reader.js';
import { Log } from '../src/log/log.js';
import { VerifiedReplay } from '../src/log/verified-replay.js';
import { verifyLog, type Verified } from '../src/log/verify-log.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey, type NoteVerifier } from '../src/merkle/note.js';
import { writeTrueLog } from '../test/true-log.js';
import { origin } from './log-under-test.js';
import type { Bench } from './scenario.js';

/** A log as years of service leave it, read by whoever starts on it or checks it. */
export interface LongLog {
  readonly pool: pg.Pool;
  readonly verifiers: readonly NoteVerifier[];
  verify(): Promise<Verified>;
  /** Everything that a start does but its checks of the database. */
  replay(): ReturnType<VerifiedReplay['advanceTo']>;
  /** The same rows, read page by page with a prepared SELECT, and nothing done with them. */
  readRows(columns: string): Promise<number>;
  /** A service on it, as it is after its start. */
  serve(): Promise<Log>;
  close(): Promise<void>;
}

export async function longLog(bench: Bench, entries: number, columnBytes?: number): Promise<LongLog> {
  const signer = ed25519Signer(origin, randomBytes(32));
  const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
  const database = await bench.database();
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  const began = performance.now();
  const bodies = columnBytes === undefined ? {} : { columnBytes };
  await writeTrueLog(client, { origin, signer, entries, ...bodies });
  await client.end();
  bench.say(`${entries} entries written in ${Math.round((performance.now() - began) / 1000)} s`);
  const pool = openPool(database.url('custos_reader'), { connections: 2, name: 'bench' });
  const reader = new LogReader(pool);
  const services: { log: Log; pool: pg.Pool }[] = [];
  return {
    pool,
    verifiers,
    verify: () => verifyLog({ db: pool, origin, verifiers, governance: Governance.empty([]), audit: () => undefined }),
    replay: async () => new VerifiedReplay({ origin, verifiers }, []).advanceTo(pool, await reader.head()),
    readRows: (columns) => readRows(pool, columns, entries),
    async serve() {
      const own = openPool(database.url('custos_service'), { connections: 12, name: 'bench service' });
      const log = new Log({ pool: own, identity: { origin, signer }, verifiers, slices: [] });
      services.push({ log, pool: own });
      await log.start();
      return log;
    },
    async close() {
      for (const { log } of services) await log.close();
      for (const one of [...services, { pool }]) await one.pool.end();
    },
  };
}

async function readRows(pool: pg.Pool, columns: string, entries: number): Promise<number> {
  // PostgreSQL keeps 63 characters of a name, and two lists may begin alike.
  const name = `rows ${hash('sha256', columns, 'hex').slice(0, 16)}`;
  let read = 0;
  for (let from = 0; from < entries; from += 4096) {
    const { rows } = await pool.query({
      name,
      text: `SELECT ${columns} FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position`,
      values: [from, from + 4096],
    });
    read += rows.length;
  }
  return read;
}

export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
