import type pg from 'pg';
import { Problem } from '../problem.js';
import type { AppenderParts } from './append-transaction.js';
import { commitGroup, Unstorable } from './commit-group.js';
import { commandKey } from './decide-group.js';
import type { Committed, Head, Outcome, WriteCommand } from './draft.js';
import { groupReceipts } from './group-receipts.js';
import { requireProven, type AnswerProof } from './prove-answer.js';
import type { Replayed } from './verified-replay.js';
import { WaitingQueue, type Waiting } from './waiting-queue.js';
import { ownCommand } from './write-command.js';

/**
 * The one way into the log. Commands that arrive while a transaction is under way share the next one (group
 * commit): the slower the disk, the larger the groups.
 */
export class Appender {
  private readonly waiting = new WaitingQueue();
  private running: Promise<void> | undefined;
  private closed = false;

  /** `before` is for entries that were written before. */
  constructor(
    private readonly pool: pg.Pool,
    private readonly parts: AppenderParts,
    private readonly before: AnswerProof,
  ) {}

  /**
   * Decides at the head and appends what the decision says. Resolves after COMMIT.
   * @throws whatever `decide` throws; VersionConflict; Problem log_busy, log_unavailable (nothing was
   *   written), outcome_unknown (send the same command again), log_corrupt, command_reused.
   */
  append<A>(command: WriteCommand, decide: (head: Head) => Outcome<A>): Promise<Committed<A>> {
    return new Promise<Committed<A>>((resolve, reject) => {
      if (this.closed) throw new Problem('log_unavailable');
      this.waiting.add({ command, decide, resolve: resolve as Waiting['resolve'], reject });
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
    while (this.waiting.length > 0) await this.write(this.waiting.take());
  }

  /** Answers everybody in the group. Never throws. */
  private async write(group: readonly Waiting[]): Promise<void> {
    try {
      const { earlier, settled, writes } = await commitGroup(this.pool, this.parts, group);
      const receipts = groupReceipts(writes?.group, this.before.receipt);
      group.forEach(({ command, resolve, reject }, index) => {
        const one = settled[index];
        const answer = () => {
          if (one?.kind === 'done') resolve({ ...one, receipts: () => receipts(one.positions) });
          else reject(one?.error);
        };
        const before = earlier.get(commandKey(command));
        // Not waited for: to prove what was answered before takes nobody else's time at the head.
        if (before === undefined) answer();
        else void requireProven(command, before, this.before).then(answer, reject);
      });
    } catch (error) {
      // One command must not keep others out of the log, again and again: each is tried by itself.
      if (error instanceof Unstorable && group.length > 1) for (const one of group) await this.write([one]);
      else for (const { reject } of group) reject(error);
    }
  }
}
