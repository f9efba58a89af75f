import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/postgres/database.js';
import type { Role } from '../../test/postgres/server.js';
import { ed25519Signer, formatVerifierKey, parseVerifierKey } from '../merkle/note.js';
import { openPool } from './database.js';
import type { Draft } from './draft.js';
import { Governance, type AnySlice } from './governance.js';
import type { CommandId, PersonId, SubjectId } from './ids.js';
import { Log, type LogOptions } from './log.js';
import { verifyLog } from './verify-log.js';
import { writeCommand } from './write-command.js';

export const origin = 'custos.example/test';
export const signer = ed25519Signer(origin, randomBytes(32));
export const verifiers = [parseVerifierKey(formatVerifierKey(origin, signer.publicKey))];

/** A log on a database of its own, for specs: `log` has been started, and `close` leaves nothing open. */
export class TestLog {
  readonly log: Log;
  private readonly pools: pg.Pool[] = [];
  private readonly logs: Log[] = [];

  private constructor(
    readonly database: TestDatabase,
    private readonly slices: readonly AnySlice[],
  ) {
    this.log = this.instance();
  }

  static async open(slices: readonly AnySlice[] = []): Promise<TestLog> {
    const test = new TestLog(await cloneDatabase(), slices);
    await test.log.start();
    return test;
  }

  /** Another instance on the same database, with connections of its own; not started. */
  instance(options: Partial<LogOptions> = {}): Log {
    const { slices } = this;
    const log = new Log({
      pool: this.pool('custos_service'),
      identity: { origin, signer },
      verifiers,
      slices,
      ...options,
    });
    this.logs.push(log);
    return log;
  }

  pool(role: Role | 'superuser'): pg.Pool {
    const url = role === 'superuser' ? this.database.superuserUrl : this.database.url(role);
    const pool = openPool(url, { connections: 4, name: 'test' });
    this.pools.push(pool);
    return pool;
  }

  verify(): ReturnType<typeof verifyLog> {
    const governance = Governance.empty(this.slices);
    return verifyLog({ db: this.pool('custos_reader'), origin, verifiers, governance, audit: () => undefined });
  }

  async close(): Promise<void> {
    for (const log of this.logs) await log.close();
    for (const pool of this.pools) await pool.end();
    await this.database.drop();
  }
}

const person = 'tester' as PersonId;
export const command = (id: string = randomUUID(), sealedBytes = 0) =>
  writeCommand(id as CommandId, person, 'intent', sealedBytes);
export const consent = (stream = 'subject/s1'): Draft<'consent.changed'> => ({
  type: 'consent.changed',
  stream,
  subject: 's1' as SubjectId,
  data: { consent: 'given' },
});
export const append = (to: Log, ...entries: Draft[]) => to.append(command(), () => ({ entries, answer: null }));
