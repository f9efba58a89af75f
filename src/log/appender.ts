import type pg from 'pg';
import { Problem } from '../problem.js';
import { prepareGroup, type AppenderParts, type Pending, type Prepared } from './append-transaction.js';
import type { Committed, Head, Outcome, WriteCommand } from './draft.js';
import type { Replayed } from './verified-replay.js';
import { ownCommand } from './write-command.js';

/** Bounds memory: past it, callers are told to come back, and nothing is lost in silence. */
const mostWaiting = 4096;
/** Bounds one transaction, and with it how long every other instance waits for the head. */
const mostInAGroup = 512;
const retryAfterSeconds = 1;
const settleAttempts = 5;

interface Waiting extends Pending {
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The one way into the log. Commands that arrive while a transaction is under way share the next one (group
 * commit): the slower the disk, the larger the groups.
 */
export class Appender {
  private readonly waiting: Waiting[] = [];
  private running: Promise<void> | undefined;
  private closed = false;

  constructor(
    private readonly pool: pg.Pool,
    private readonly parts: AppenderParts,
  ) {}

  /**
   * Decides at the head and appends what the decision says. Resolves after COMMIT.
   * @throws whatever `decide` throws; VersionConflict; Problem log_busy, log_unavailable (nothing was
   *   written), outcome_unknown (send the same command again), log_corrupt, command_reused.
   */
  append<A>(command: WriteCommand, decide: (head: Head) => Outcome<A>): Promise<Committed<A>> {
    if (this.closed) return Promise.reject(new Problem('log_unavailable'));
    if (this.waiting.length >= mostWaiting) return Promise.reject(new Problem('log_busy', { retryAfterSeconds }));
    return new Promise<Committed<A>>((resolve, reject) => {
      this.waiting.push({ command, decide, resolve: resolve as Waiting['resolve'], reject });
      this.wake();
    });
  }

  /** Waits for what is under way, then reads what others appended. */
  async catchUp(): Promise<Replayed> {
    await this.append(ownCommand('catch-up'), () => ({ entries: [], answer: null }));
    return this.parts.replay.current;
  }

  /** Finishes what was accepted and takes no more. */
  async close(): Promise<void> {
    this.closed = true;
    while (this.running !== undefined) await this.running;
  }

  private wake(): void {
    this.running ??= this.drain().finally(() => {
      this.running = undefined;
      // A caller who was answered last may have come back before we got here.
      if (this.waiting.length > 0) this.wake();
    });
  }

  private async drain(): Promise<void> {
    // Callers of the same tick get into the first group too.
    await Promise.resolve();
    while (this.waiting.length > 0) await this.write(this.waiting.splice(0, mostInAGroup));
  }

  private async write(group: readonly Waiting[]): Promise<void> {
    try {
      const { settled } = await this.commit(group);
      group.forEach(({ resolve, reject }, index) => {
        const one = settled[index];
        if (one?.kind === 'done') resolve(one);
        else reject(one?.error);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  private async commit(group: readonly Pending[]): Promise<Prepared> {
    const client = await this.pool.connect().catch(unavailable);
    let broken: unknown;
    try {
      await client.query('BEGIN').catch(unavailable);
      let prepared: Prepared;
      try {
        prepared = await prepareGroup(client, this.parts, group);
      } catch (error) {
        // Nothing is durable. The server rolls back by itself if the connection is gone.
        await client.query('ROLLBACK').catch((lost: unknown) => (broken = lost));
        throw asProblem(error, this.parts.replay.current.size);
      }
      await client.query('COMMIT').catch(async (error: unknown) => {
        broken = error;
        await this.settle(prepared);
      });
      // Durable now. If we stop here the callers do not know it: they send the command again and get this answer.
      if (prepared.next !== undefined) this.parts.replay.adopt(prepared.next);
      return prepared;
    } finally {
      client.release(broken !== undefined);
    }
  }

  /**
   * COMMIT was sent and its answer lost: the head says what became of it, as soon as it can be locked, since the
   * lock waits for a commit that is still under way.
   */
  private async settle({ next }: Prepared): Promise<void> {
    if (next === undefined) return;
    for (let attempt = 1; attempt <= settleAttempts; attempt += 1) {
      try {
        const note = await this.noteAtHead(next.size);
        if (note === next.checkpoint) return;
        throw new Problem('log_unavailable');
      } catch (error) {
        if (error instanceof Problem) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
      }
    }
    throw new Problem('outcome_unknown', { retryAfterSeconds });
  }

  private async noteAtHead(size: number): Promise<string | undefined> {
    const client = await this.pool.connect();
    let broken = true;
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM log.lock_head()');
      const { rows } = await client.query<{ note: string }>('SELECT note FROM log.checkpoint WHERE size = $1', [size]);
      await client.query('ROLLBACK');
      broken = false;
      return rows[0]?.note;
    } finally {
      client.release(broken);
    }
  }
}

function unavailable(): never {
  throw new Problem('log_unavailable');
}

/** PostgreSQL's own message and detail may hold values of a row: neither leaves this file. */
function asProblem(error: unknown, size: number): unknown {
  const code = (error as { code?: unknown }).code;
  if (error instanceof Problem) return error;
  // A row at a position that the head has not handed out yet, or a head that disagrees with the entries.
  if (code === '23505' || code === 'CU001' || code === 'CU002') return new Problem('log_corrupt', { position: size });
  if (typeof code === 'string' || (error instanceof Error && /connection|timeout/i.test(error.message))) {
    return new Problem('log_unavailable');
  }
  return error;
}
