import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { openPool } from '../src/log/database.js';
import { Governance } from '../src/log/governance.js';
import { Log } from '../src/log/log.js';
import { verifyLog } from '../src/log/verify-log.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey, type NoteVerifier } from '../src/merkle/note.js';
import type { TestDatabase } from '../test/postgres/database.js';

/** A log on one database, written by one or more instances, each with connections of its own. */
export interface LogUnderTest {
  readonly instances: readonly Log[];
  readonly verifiers: readonly NoteVerifier[];
  /** Of the superuser, to look past the log. */
  readonly rows: pg.Pool;
  /** Everything that `custos verify` checks. */
  verify(): ReturnType<typeof verifyLog>;
  close(): Promise<void>;
}

export const origin = 'custos.example/bench';

export async function openLog(database: TestDatabase, instanceCount: number): Promise<LogUnderTest> {
  const signer = ed25519Signer(origin, randomBytes(32));
  const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];
  const pools = Array.from({ length: instanceCount }, () =>
    openPool(database.url('custos_service'), { connections: 12, name: 'bench' }),
  );
  const rows = openPool(database.superuserUrl, { connections: 2, name: 'bench rows' });
  const instances = pools.map((pool) => new Log({ pool, identity: { origin, signer }, verifiers, slices: [] }));
  for (const log of instances) await log.start();
  return {
    instances,
    verifiers,
    rows,
    verify: () => verifyLog({ db: rows, origin, verifiers, governance: Governance.empty([]), audit: () => undefined }),
    async close() {
      for (const log of instances) await log.close();
      for (const pool of [...pools, rows]) await pool.end();
    },
  };
}
