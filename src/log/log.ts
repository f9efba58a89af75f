import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { emptyFrontier } from '../merkle/frontier.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Appender } from './appender.js';
import type { LogIdentity } from './append-transaction.js';
import type { BodyStore } from './body-store.js';
import type { AcceptedLoss, CheckpointKeeper, KeptCheckpoint } from './checkpoint-keeper.js';
import { CosignedCheckpoints } from './cosigned-checkpoints.js';
import type { Committed, Head, Outcome, WriteCommand } from './draft.js';
import { Governance, type AnySlice } from './governance.js';
import { HeadBelief } from './head-belief.js';
import { KeptStates } from './kept-states.js';
import type { Entry, EntryOf } from './header.js';
import type { LockId } from './ids.js';
import { LogReader } from './log-reader.js';
import { LogWalker } from './log-walker.js';
import { Problem } from '../problem.js';
import { PostgresBodyStore } from './postgres-body-store.js';
import { LogTail } from './log-tail.js';
import { LogTree } from './log-tree.js';
import { isAway } from './database.js';
import { continues, covers, requireNothingLost } from './nothing-lost.js';
import { provenEntry, type EntryProof } from './proven-entry.js';
import { requireSafeDatabase } from './start-checks.js';
import { StreamVersions } from './stream-versions.js';
import { VerifiedReplay } from './verified-replay.js';
import { verifyLog, type Verified } from './verify-log.js';
import type { VerifyOptions } from './verify-options.js';
import { entriesAPage, type Shown } from './replay-page.js';
import { nobodyWatches, type Folded, type Watch } from './replay-headers.js';
import { ownCommand } from './write-command.js';

export interface LogOptions {
  readonly pool: pg.Pool;
  readonly identity: LogIdentity;
  readonly verifiers: readonly NoteVerifier[];
  readonly slices: readonly AnySlice[];
  /** Left out: in the log's own database. */
  readonly bodies?: BodyStore;
  /** Left out: nothing outside the database remembers how far the log had come. For tools and tests. */
  readonly keeper?: CheckpointKeeper;
  /** Of the past, which questions about it fold on from. For tests; left out, a page. */
  readonly entriesBetweenStates?: number;
  /** What others hold of this log, under its own signature: witnesses. None of it may be missing. */
  readonly elsewhere?: readonly KeptCheckpoint[];
}

/** The log, as the contexts above see it: append by a decision at the head, read, and the state so far. */
export class Log {
  readonly origin: string;
  readonly reader: LogReader;
  readonly bodies: BodyStore;
  readonly tree: LogTree;
  readonly tail: LogTail;
  private readonly kept: KeptStates;
  readonly cosigned = new CosignedCheckpoints();
  private readonly replay: VerifiedReplay;
  private readonly appender: Appender;
  private readonly proof: EntryProof;

  constructor(private readonly options: LogOptions) {
    const { pool, identity, verifiers, slices } = options;
    this.origin = identity.origin;
    this.reader = new LogReader(pool);
    this.bodies = options.bodies ?? new PostgresBodyStore(pool);
    this.tree = new LogTree(pool, this.reader);
    this.tail = new LogTail(pool);
    this.kept = new KeptStates(options.entriesBetweenStates ?? entriesAPage);
    this.replay = new VerifiedReplay({ origin: identity.origin, verifiers }, slices, this.kept);
    const { bodies, replay } = this;
    const parts = { identity, bodies, replay, versions: new StreamVersions(), belief: new HeadBelief() };
    const receipt = (position: number) => this.tree.receipt(position);
    this.proof = { origin: identity.origin, verifiers, receipt };
    const kept = (position: number) => this.reader.keptAnswers(position);
    this.appender = new Appender(pool, parts, { ...this.proof, kept });
  }

  /**
   * Refuses an unsafe database and a log that has lost what was kept outside it, and replays and verifies the whole
   * log. A new log gets its first entry; one that lost entries, which an operator accepted, an entry that says so.
   * @throws Problem log_corrupt, log_rolled_back, log_forked, log_unavailable, and those of `requireSafeDatabase`
   */
  async start(): Promise<{ size: number; isNew: boolean }> {
    try {
      return await this.startOn();
    } catch (error) {
      throw isAway(error) ? new Problem('log_unavailable') : error;
    }
  }

  private async startOn(): Promise<{ size: number; isNew: boolean }> {
    const { pool, keeper, elsewhere: held } = this.options;
    await requireSafeDatabase(pool, 'custos_service');
    const head = await this.reader.head();
    const replay = () => (head.size > 0 ? this.replay.advanceTo(pool, head) : Promise.resolve(this.replay.current));
    const found = { db: pool, tree: this.tree, size: head.size, replay };
    const losses = () => this.acceptedLosses();
    const elsewhere = held === undefined ? undefined : { held, losses };
    const lost = keeper === undefined ? undefined : await requireNothingLost(keeper, found, elsewhere);
    await replay(); // done already by that look
    if (head.size === 0) await this.open();
    if (lost !== undefined) await this.recordLoss(lost, head.size);
    // Durable in the database already; from here on a start on less is refused.
    await (lost === undefined ? keeper?.keep(this.checkpoint) : keeper?.startOverFrom(this.checkpoint));
    return { size: this.size, isNew: head.size === 0 };
  }

  append<A>(command: WriteCommand, decide: (head: Head) => Outcome<A>): Promise<Committed<A>> {
    return this.appender.append(command, decide);
  }

  /** Commands that write together (`Appender.appendTogether`). */
  appendTogether<A>(
    commands: readonly WriteCommand[],
    decide: (head: Head) => Outcome<readonly A[]>,
  ): Promise<Committed<readonly A[]>> {
    return this.appender.appendTogether(commands, decide);
  }

  /**
   * The state as far as this process has appended or replayed. Good for a first look; what may happen is
   * decided at the head only.
   */
  get state(): Governance {
    return this.replay.current.governance;
  }

  get size(): number {
    return this.replay.current.size;
  }

  /** The signed note over exactly the entries that this process has appended or replayed. */
  get checkpoint(): string {
    return this.replay.current.checkpoint;
  }

  /** Both of one moment, for whoever sends them on. Size 0 has no note. */
  get signed(): { readonly size: number; readonly checkpoint: string } {
    const { size, checkpoint } = this.replay.current;
    return { size, checkpoint };
  }

  /**
   * Whether the log, as far as this process has verified it, holds what that checkpoint covers, or says itself that an
   * operator has given it up.
   */
  async accountsFor(held: KeptCheckpoint): Promise<boolean> {
    const { size, frontier } = this.replay.current;
    if (await continues({ db: this.options.pool, tree: this.tree, size }, held, frontier)) return true;
    return (await this.acceptedLosses()).some((loss) => covers(loss, held));
  }

  /** Reads on to the head, for questions that must see what other instances have written. */
  async refreshed(): Promise<Governance> {
    return (await this.appender.catchUp()).governance;
  }

  /** Before the first entry. */
  get emptyState(): Governance {
    return Governance.empty(this.options.slices);
  }

  /**
   * The state after the log's first `size` entries, verified.
   * @throws Problem position_unknown, log_corrupt
   */
  stateAtSize(size: number): Promise<Governance> {
    return this.walk({ from: size, to: size });
  }

  /** The same from the first entry on: nothing that this process has in memory is believed. */
  stateAnew(size: number): Promise<Governance> {
    return this.walkOn(this.options.slices, { from: size, to: size });
  }

  /**
   * Watches the entries from position `from` up to and not with `to`, verified. Returns the state at `to`; what was shown is
   * to be believed only then. What is not to be shown is hashed, on other threads if it is much, and not decoded.
   * @throws Problem position_unknown, log_corrupt
   */
  walk(span: { from: number; to: number }, watch: Watch = nobodyWatches): Promise<Governance> {
    return this.walkOn(this.kept.within(span.from) ?? this.options.slices, span, watch);
  }

  private async walkOn(
    start: readonly AnySlice[] | Folded,
    { from, to }: { from: number; to: number },
    { shown, visit, passed }: Watch = nobodyWatches,
  ): Promise<Governance> {
    const { pool } = this.options;
    if (to === 0) return this.emptyState;
    const covering = await this.reader.checkpointCovering(to);
    const replay = await this.replayTo(start, from);
    let state: Governance | undefined;
    const { governance } = await replay.advanceTo(pool, covering, {
      shown,
      visit: (before, entry, after) => {
        if (entry.position >= to) state ??= before;
        else if (entry.position >= from) visit(before, entry, after);
      },
      passed: (position, at) => {
        if (position >= from && position < to) passed?.(position, at);
      },
    });
    return state ?? governance;
  }

  /** As far as a checkpoint goes that covers no more than the first `size` entries. */
  private async replayTo(start: readonly AnySlice[] | Folded, size: number): Promise<VerifiedReplay> {
    const { pool, verifiers } = this.options;
    const replay = new VerifiedReplay({ origin: this.origin, verifiers }, start);
    const below = await this.reader.checkpointWithin(size);
    if (below !== undefined && below.size > replay.current.size) await replay.advanceTo(pool, below);
    return replay;
  }

  /**
   * Reads on from position `from`, which the log has reached, as it grows: entries, and nothing of the state that follows
   * from them.
   * @throws Problem position_unknown, log_corrupt
   */
  async walker(from: number, shown: Shown): Promise<LogWalker> {
    const frontier = this.kept.within(from)?.frontier ?? emptyFrontier;
    const replay = await this.replayTo({ frontier, governance: Governance.empty([]) }, from);
    return new LogWalker({ db: this.options.pool, reader: this.reader, replay, from, shown });
  }

  /** Recomputes the log from its rows (`verifyLog`), by the connections of this process. */
  verify(audit: VerifyOptions['audit'], since?: number): Promise<Verified> {
    const { pool: db, verifiers } = this.options;
    const { origin, options } = this;
    const bodies = options.bodies === undefined ? {} : { bodies: options.bodies };
    return verifyLog({ db, origin, verifiers, governance: this.emptyState, audit, since, ...bodies });
  }

  /** What `start` asks of the database, once more. @throws those of `requireSafeDatabase` */
  requireSafeDatabase(): Promise<void> {
    return requireSafeDatabase(this.options.pool, 'custos_service');
  }

  /** An entry as a signed checkpoint covers it. @throws Problem log_corrupt, log_unavailable */
  proven(position: number): Promise<Entry> {
    return provenEntry(position, this.proof);
  }

  /** The last entry of a stream, as a signed checkpoint covers it. @throws Problem log_corrupt, log_unavailable */
  async provenLastOf(stream: string): Promise<Entry | undefined> {
    const last = await this.reader.lastOf(stream).catch(() => {
      throw new Problem('log_unavailable');
    });
    if (last === undefined) return undefined;
    const proven = await this.proven(last.position);
    if (proven.stream !== stream || proven.version !== last.version)
      throw new Problem('log_corrupt', { position: last.position });
    return proven;
  }

  /** Ends every follower, and what was accepted is written. */
  async close(): Promise<void> {
    await this.tail.close();
    await this.appender.close();
  }

  private async open(): Promise<void> {
    await this.append(ownCommand('log.opened'), ({ size }) => ({
      entries: size === 0 ? [{ type: 'log.opened', stream: 'log', data: { origin: this.origin } }] : [],
      answer: null,
    }));
  }

  /** What operators have given up in this log before, each entry proven. @throws Problem log_corrupt, log_unavailable */
  private async acceptedLosses(): Promise<readonly EntryOf<'log.rolled_back'>['data'][]> {
    const said = (await this.reader.stream('log')).filter(({ type }) => type === 'log.rolled_back');
    const proven = said.map(({ position }) => this.proven(position));
    return (await Promise.all(proven)).flatMap((entry) => (entry.type === 'log.rolled_back' ? [entry.data] : []));
  }

  /** Named after what was lost: a crash before it is remembered does not record it twice. */
  private async recordLoss({ lost, reason }: AcceptedLoss, found: number): Promise<void> {
    const data = { kept: lost.size, found, checkpoint: lost.note, reason };
    const lock = randomUUID() as LockId;
    const locked = {
      lock,
      target: { kind: 'all' as const },
      reason: 'entries were lost: erase and revoke again first',
    };
    await this.append(ownCommand(`rolled-back:${Buffer.from(lost.root).toString('hex')}`), () => ({
      entries: [
        { type: 'log.rolled_back', stream: 'log', data },
        // With the entries their erasures and revocations are gone: nothing opens before people have looked.
        { type: 'lock.set', stream: `lock/${lock}`, data: locked },
      ],
      answer: null,
    }));
  }
}
