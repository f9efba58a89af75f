import type pg from 'pg';
import { Problem } from '../problem.js';
import { prepareOnBelief, type AppenderParts, type Writes } from './append-transaction.js';
import type { Settled } from './decide-group.js';
import type { Landed } from './landed.js';
import { settleCommit } from './settle-commit.js';
import type { Waiting } from './waiting-queue.js';
import { asProblem, contradictsTheHead, writeAndCommit, type Ending } from './write-and-commit.js';

/** One that the server works on, and one that stands behind it, so that it never waits for us. */
export const mostFlights = 2;

interface Flight {
  readonly group: readonly Waiting[];
  readonly settled: readonly Settled[];
  readonly writes: Writes;
}

/**
 * Groups that were decided on the head as it is believed to be, and sent in one flight: over one connection, so that
 * the server takes them in the order in which each was decided on the one before.
 */
export class BelievedFlights {
  private client: pg.PoolClient | undefined;
  private isBroken = false;
  private readonly landings: Promise<void>[] = [];
  /** Commands under way. */
  commands = 0;

  /** `settle` is called once for each command that was launched. */
  constructor(
    private readonly pool: pg.Pool,
    private readonly parts: AppenderParts,
    private readonly settle: (group: readonly Waiting[], landed: Landed) => void,
  ) {}

  get count(): number {
    return this.landings.length;
  }

  get nextLanding(): Promise<void> | undefined {
    return this.landings[0];
  }

  /** Decides and sends; does not wait for what becomes of it. Never throws. */
  async launch(group: readonly Waiting[]): Promise<void> {
    const prepared = await prepareOnBelief(this.pool, this.parts, group).catch(() => undefined);
    if (prepared === undefined) return this.settle(group, { kind: 'undecided' });
    const { at, settled, writes } = prepared;
    const isWritten = (_: unknown, index: number) => wrote(settled[index]);
    // Only a commit proves that the belief was true: what writes nothing, an error too, is decided at the held head.
    const unproven = group.filter((_, index) => !isWritten(_, index));
    if (unproven.length > 0) this.settle(unproven, { kind: 'undecided' });
    if (writes === undefined) return;
    const flight = { group: group.filter(isWritten), settled: settled.filter(isWritten), writes };
    const { belief, versions } = this.parts;
    belief.expect({ state: writes.next, at });
    versions.adopt(writes.next.size, writes.versions);
    this.commands += flight.group.length;
    const sent = this.send(writes);
    this.landings.push(this.land(flight, sent, this.landings.at(-1)));
    // Until then the connection is in the middle of a transaction.
    await sent;
  }

  private async send({ group }: Writes): ReturnType<typeof writeAndCommit> {
    try {
      this.client ??= await this.pool.connect();
    } catch {
      const error = new Problem('log_unavailable');
      return { ended: Promise.resolve({ kind: 'refused', error, connection: 'fine' }) };
    }
    const { client } = this;
    client.query('BEGIN').catch(() => undefined); // without it, nothing that follows succeeds
    return writeAndCommit(client, this.parts.bodies, group);
  }

  /** In the order in which they were sent. Never throws. */
  private async land(
    { group, settled, writes }: Flight,
    sent: ReturnType<typeof writeAndCommit>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    const ending = await (await sent).ended;
    await before;
    const failed = await this.failure(writes, ending);
    this.commands -= group.length;
    void this.landings.shift();
    if (this.landings.length === 0) this.release();
    this.settle(group, failed ?? { kind: 'committed', earlier: new Map(), settled, writes });
  }

  /** Undefined if the group is durable. */
  private async failure(writes: Writes, ending: Ending): Promise<Landed | undefined> {
    const { belief, replay, versions } = this.parts;
    try {
      if (ending.kind === 'committed') belief.hear(ending.now);
      else {
        belief.lose();
        versions.forget();
        this.isBroken ||= ending.kind === 'unknown' || ending.connection === 'broken';
        if (ending.kind === 'refused') throw ending.error;
        await settleCommit(this.pool, ending.server, writes.next);
      }
      // Durable. If we stop here the callers do not know it: they send the command again and get this answer.
      replay.adopt(writes.next);
      return undefined;
    } catch (error) {
      if (contradictsTheHead(error)) return { kind: 'undecided' };
      return { kind: 'failed', error: asProblem(error, writes.group.from) };
    }
  }

  private release(): void {
    this.client?.release(this.isBroken);
    this.client = undefined;
    this.isBroken = false;
  }
}

const wrote = (one: Settled | undefined): boolean => one?.kind === 'done' && one.positions.length > 0;
