import { setImmediate as turn } from 'node:timers/promises';
import type pg from 'pg';
import { Problem } from '../problem.js';
import type { AppenderParts } from './append-transaction.js';
import { BelievedFlights, mostFlights } from './believed-flights.js';
import { commitGroup } from './commit-group.js';
import { mostTogether } from './command-hash.js';
import { commandKey } from './decide-group.js';
import type { Committed, Head, Outcome, WriteCommand } from './draft.js';
import { groupReceipts } from './group-receipts.js';
import type { Landed } from './landed.js';
import { requireProven, type AnswerProof } from './prove-answer.js';
import type { Replayed } from './verified-replay.js';
import { WaitingQueue, type Waiting } from './waiting-queue.js';
import { Unstorable } from './write-and-commit.js';
import { ownCommand } from './write-command.js';

/** Fewer than these are not worth what a transaction costs before its first entry. */
const worthAFlight = 8;

/**
 * The one way into the log. Commands that arrive while a transaction is under way share the next one (group
 * commit): the slower the disk, the larger the groups.
 */
export class Appender {
  private readonly waiting = new WaitingQueue();
  private readonly flights: BelievedFlights;
  private running: Promise<void> | undefined;
  private closed = false;
  private arrived = (): void => undefined;

  /** `before` is for entries that were written before. */
  constructor(
    private readonly pool: pg.Pool,
    private readonly parts: AppenderParts,
    private readonly before: AnswerProof,
  ) {
    this.flights = new BelievedFlights(pool, parts, (group, landed) => this.settle(group, landed));
  }

  /**
   * Decides at the head and appends what the decision says. Resolves after COMMIT.
   * @throws whatever `decide` throws; VersionConflict; Problem log_busy, log_unavailable (nothing was
   *   written), outcome_unknown (send the same command again), log_corrupt, command_reused.
   */
  async append<A>(command: WriteCommand, decide: (head: Head) => Outcome<A>): Promise<Committed<A>> {
    const { answer, ...committed } = await this.appendTogether<A>([command], (head) => {
      const { entries, answer } = decide(head);
      return { entries, answer: [answer] };
    });
    return { answer: answer[0] as A, ...committed };
  }

  /**
   * The same for commands of one actor that write together: each is kept with its own answer, the one at its place.
   * @throws as `append`; AnsweredApart if one of several was answered before; RangeError for none or for more than can be
   *   proven again
   */
  appendTogether<A>(
    commands: readonly WriteCommand[],
    decide: (head: Head) => Outcome<readonly A[]>,
  ): Promise<Committed<readonly A[]>> {
    return new Promise<Committed<readonly A[]>>((resolve, reject) => {
      if (commands.length === 0 || commands.length > mostTogether)
        throw new RangeError('so many do not write together');
      if (this.closed) throw new Problem('log_unavailable');
      this.waiting.add({ commands, decide, resolve: resolve as Waiting['resolve'], reject });
      this.arrived();
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
    const { waiting, flights } = this;
    for (;;) {
      // Callers of the same turn share a group, those too who were answered in it and come back.
      await turn();
      if (flights.count > 0 && !this.isWorthAnotherFlight()) {
        await Promise.race([flights.nextLanding, new Promise<void>((arrived) => (this.arrived = arrived))]);
      } else if (waiting.length > 0) {
        await this.write();
      } else if (flights.count === 0) return;
    }
  }

  /** Each costs the server its fixed part again; behind a large group a small one can as well wait. */
  private isWorthAnotherFlight(): boolean {
    const { waiting, flights, parts } = this;
    const canFly = parts.belief.current !== undefined && !waiting.mustHoldHead;
    return canFly && flights.count < mostFlights && 2 * waiting.length >= flights.commands;
  }

  /** Never throws. */
  private async write(): Promise<void> {
    const { waiting, flights, parts } = this;
    if (waiting.mustHoldHead || parts.belief.current === undefined) {
      const group = waiting.take();
      this.settle(group, await commitGroup(this.pool, parts, group));
    } else {
      // Many at once go in two halves: while the server writes the one, we make the other.
      const isSplit = flights.count === 0 && waiting.length >= 2 * worthAFlight;
      await flights.launch(waiting.take(isSplit ? Math.ceil(waiting.length / 2) : undefined));
    }
  }

  /** Answers everybody in the group, or lets them wait once more. */
  private settle(group: readonly Waiting[], landed: Landed): void {
    if (landed.kind === 'undecided') this.waiting.putBack(group, 'together');
    // One command must not keep others out of the log, again and again: each is tried by itself.
    else if (landed.kind === 'failed' && landed.error instanceof Unstorable && group.length > 1) {
      this.waiting.putBack(group, 'alone');
    } else if (landed.kind === 'failed') for (const { reject } of group) reject(landed.error);
    else {
      const { earlier, settled, writes } = landed;
      const receipts = groupReceipts(writes?.group, this.before.receipt);
      group.forEach(({ commands, resolve, reject }, index) => {
        const one = settled[index];
        const answer = () => {
          if (one?.kind !== 'done') return reject(one?.error);
          const { answers, positions, repeated } = one;
          resolve({ answer: answers, positions, repeated, receipts: () => receipts(positions) });
        };
        // One of several that was answered before is not answered here (AnsweredApart).
        const [command, ...others] = commands as [WriteCommand, ...WriteCommand[]];
        const before = others.length > 0 ? undefined : earlier.get(commandKey(command));
        // Not waited for: to prove what was answered before takes nobody else's time at the head.
        if (before === undefined) answer();
        else void requireProven(command, before, this.before).then(answer, reject);
      });
    }
  }
}
