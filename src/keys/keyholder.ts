import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { TokenVerifier } from '../identity/tokens.js';
import type { BodyStore } from '../log/body-store.js';
import type { CheckpointKeeper } from '../log/checkpoint-keeper.js';
import type { AnySlice, Governance } from '../log/governance.js';
import type { EntryOf } from '../log/header.js';
import type { Position, SubjectId } from '../log/ids.js';
import { LogReader } from '../log/log-reader.js';
import { LogTree } from '../log/log-tree.js';
import { requireNothingLost } from '../log/nothing-lost.js';
import { PostgresBodyStore } from '../log/postgres-body-store.js';
import { provenEntry } from '../log/proven-entry.js';
import type { Visit } from '../log/replay-headers.js';
import { governingOnly } from '../log/replay-page.js';
import { requireSafeDatabase } from '../log/start-checks.js';
import { Together } from '../log/together.js';
import { VerifiedReplay, type ClaimedHead, type Replayed } from '../log/verified-replay.js';
import type { NoteVerifier } from '../merkle/note.js';
import { Problem, type ProblemCode } from '../problem.js';
import type { Secret } from '../sealing/secret.js';
import {
  generateSubjectKey,
  unwrapSubjectKey,
  wrapSubjectKey,
  type SubjectKeyBinding,
} from '../sealing/subject-key.js';
import { attestKey, certifyDestruction } from './attestation.js';
import { deleteExpired } from './delete-expired.js';
import type { Deleted, Judge, Judgement, KeyholderPort, KeyholderStatus, OpenedBatch, ProbeVerdict, RegisteredKey } from './keyholder-port.js'; // prettier-ignore
import { endingAt } from './ending-at.js';
import { openSession } from './open-session.js';
import { retentionKey } from './retention.js';
import type { RootKeys } from './root-key.js';
import type { RootKeySource } from './root-key-source.js';
import { opens } from './rotate-root-key.js';
import type { StoredKey, StoredKeyOf, SubjectKeyStore } from './subject-key-store.js';
import { subjectsKey, type SubjectState } from './subjects.js';

/** A disclosure opens within a minute of its commit, or never. So far may the database's clock be from ours, too. */
const opensWithinMs = 60_000;
/** Of the stored keys, to see at a start whether the root key is theirs. Their ids are random, so these are any. */
const sampledKeys = 100;

export interface KeyholderParts {
  /** Read-only on the log, by a connection of its own: what the service says is not evidence. */
  readonly pool: pg.Pool;
  /** Left out: in the log's own database. */
  readonly bodies?: BodyStore;
  readonly store: SubjectKeyStore;
  readonly rootKeys: RootKeySource;
  readonly trusted: { readonly origin: string; readonly verifiers: readonly NoteVerifier[] };
  readonly slices: readonly AnySlice[];
  readonly judge: Judge;
  readonly clock: () => number;
  /** By the identity provider's own keys: a subject's word does not come through the service. */
  readonly tokens: TokenVerifier;
  /** Left out: nothing outside the database remembers how far the log had come. For tests. */
  readonly keeper?: CheckpointKeeper;
}

interface Read {
  readonly state: Governance;
  /** Rejects where it cannot be. Nothing that was opened on this state leaves before. */
  readonly remembered: Promise<void>;
}

interface Judged {
  readonly entry: EntryOf<'disclosure.made'>;
  readonly judgement: Judgement;
}

interface Admitted {
  readonly entry: Judged['entry'];
  readonly judgement: Extract<Judgement, { allowed: true }>;
  readonly stored: StoredKey;
}

export class Keyholder implements KeyholderPort {
  private readonly reader: LogReader;
  private readonly bodies: BodyStore;
  private readonly tree: LogTree;
  private readonly replay: VerifiedReplay;
  /** Judged while replaying, with the state just below each; forgotten once it is too old to be opened. */
  private readonly judged = new Map<Position, Judged>();
  /** The same of what containments try, apart: no probe is ever opened. */
  private readonly probed = new Map<Position, Judged>();
  private keys: RootKeys | undefined;
  /** Of the last entry that was verified, epoch milliseconds. */
  private lastAt = 0;
  private readonly readings = new Together<undefined, Read>(async (all) => {
    const read = await this.readOn();
    return all.map(() => read);
  });
  /** While one is written, others are read: the last of those is the furthest, and stands for all. */
  private readonly memories = new Together<string, void>(async (checkpoints) => {
    await this.parts.keeper?.keep(checkpoints.at(-1) as string).catch(unavailable);
    return checkpoints.map(() => undefined);
  });

  constructor(private readonly parts: KeyholderParts) {
    this.reader = new LogReader(parts.pool);
    this.bodies = parts.bodies ?? new PostgresBodyStore(parts.pool);
    this.tree = new LogTree(parts.pool, this.reader);
    this.replay = new VerifiedReplay(parts.trusted, parts.slices);
  }

  /**
   * Replays the log, then destroys every key that it says is erased: a restored backup brings such keys back,
   * and they must be gone before anything opens. Refuses a database where it could write the log itself: then its
   * second look at a disclosure would be worth nothing. Refuses a log that has lost what it has seen: a revocation
   * may be among it. Refuses a root key that is not the one.
   * A key that is lost keeps it from nothing else: it says how many there are.
   * @throws Problem root_key_wrong, log_corrupt, log_rolled_back, log_forked, and those of `requireSafeDatabase`
   */
  async start(): Promise<{ destroyed: number; lost: number }> {
    const { pool, keeper } = this.parts;
    this.keys = await this.parts.rootKeys.read();
    await requireSafeDatabase(pool, 'custos_keyholder');
    await this.requireRightRootKey();
    if (keeper !== undefined) await this.startFrom(keeper);
    const state = await this.catchUp();
    return { destroyed: await this.parts.store.destroy(keysOf('erased', state)), lost: await this.lostKeys(state) };
  }

  /** Reads on once more, so that what happened since it was last asked is remembered too. */
  async close(): Promise<void> {
    await this.catchUp();
  }

  async register(subject: SubjectId): Promise<RegisteredKey> {
    const known = (await this.catchUp()).of(subjectsKey).get(subject);
    if (known?.kind === 'erased') throw new Problem('subject_erased', { position: known.tombstone });
    const stored = await this.parts.store.find(subject);
    // The log has one, and what is sealed to it is lost with it, or was just erased: no tombstone would name another.
    if (known !== undefined && stored?.keyId !== known.keyId) throw new Problem('key_unknown');
    const kept = stored ?? (await this.make(subject));
    // An attested key is the one that the root key opens: a row put in or changed by hand gets no signature.
    const { publicKey, secretKey } = await this.unwrap(subject, kept);
    secretKey.wipe();
    return {
      keyId: kept.keyId,
      publicKey,
      attestation: attestKey(this.seed, { subject, keyId: kept.keyId, publicKey }),
    };
  }

  async destroy(tombstone: Position): Promise<{ keyId: string; certificate: Uint8Array }> {
    const subjects = (await this.catchUp()).of(subjectsKey);
    const found = subjects.findEntry((state) => state.kind === 'erased' && state.tombstone === tombstone);
    if (found === undefined) throw new Problem('keyholder_refused');
    const [subject, { keyId }] = found;
    await this.parts.store.destroy([keyId]);
    return { keyId, certificate: certifyDestruction(this.seed, { subject, keyId, tombstone }) };
  }

  async *open(disclosure: Position, token?: string): AsyncGenerator<OpenedBatch> {
    const read = await this.read();
    const judged = this.judged.get(disclosure);
    const until = await this.lastsUntil(judged, token);
    const admitted = await this.admitted(read.state, judged);
    // Claimed before the first byte: a crash from here on leaves a disclosure without completion, which is "unknown".
    const isFirst = await this.parts.store.claim(disclosure);
    this.judged.delete(disclosure);
    if (!isFirst) throw new Problem('keyholder_refused');
    yield* endingAt(until, this.parts.clock, this.release(read, admitted));
  }

  private async *release(admittedOn: Read, { entry, judgement, stored }: Admitted): AsyncGenerator<OpenedBatch> {
    let read = admittedOn;
    const keyPair = await this.unwrap(judgement.subject, stored);
    try {
      const batches = openSession({
        reader: this.reader,
        bodies: this.bodies,
        origin: this.parts.trusted.origin,
        keyPair,
        asked: entry.data,
        range: judgement,
        retention: read.state.of(retentionKey),
        rereadRetention: async () => (read = await this.read()).state.of(retentionKey),
        proven: (position) => provenEntry(position, { ...this.parts.trusted, receipt: (at) => this.tree.receipt(at) }),
      });
      for await (const batch of batches) {
        // It was read anew just before, for each batch: what was locked, revoked or erased meanwhile goes no further.
        if (this.parts.judge.mustStop(read.state, entry)) throw new Problem('disclosure_stopped');
        await read.remembered;
        yield batch;
      }
    } finally {
      keyPair.secretKey.wipe();
    }
  }

  async probe(probes: readonly Position[]): Promise<readonly ProbeVerdict[]> {
    const now = await this.catchUp();
    return Promise.all(probes.map((position) => this.probeOne(now, position)));
  }

  async status(): Promise<KeyholderStatus> {
    const state = await this.catchUp();
    return {
      size: this.replay.current.size,
      erasedKeysLeft: await this.parts.store.count(keysOf('erased', state)),
      lostKeys: await this.lostKeys(state),
    };
  }

  async deleteExpired(): Promise<Deleted> {
    const state = await this.catchUp();
    return deleteExpired(this.bodies, state.of(retentionKey), this.parts.clock()).catch(() => {
      throw new Problem('keyholder_unavailable');
    });
  }

  /**
   * Epoch milliseconds; what it rests on counts no longer.
   * @throws Problem keyholder_refused unless it may be opened, by the subject where it rests on them
   */
  private async lastsUntil(judged: Judged | undefined, token: string | undefined): Promise<number> {
    if (judged?.judgement.allowed !== true) throw new Problem('keyholder_refused');
    if (judged.judgement.rests === 'on signatures') return judged.judgement.expiresAt;
    const asker = token === undefined ? undefined : await this.parts.tokens.verify(token).catch(() => undefined);
    if (asker?.subject !== judged.judgement.subject) throw new Problem('keyholder_refused');
    return asker.tokenExpiresAt;
  }

  /** All that stands between a committed reading and its first byte; a probe goes through the same. */
  private async admitted(now: Governance, judged: Judged | undefined): Promise<Admitted> {
    if (judged === undefined || !judged.judgement.allowed) throw new Problem('keyholder_refused');
    const { entry, judgement } = judged;
    // Dated ahead, it could wait for its minute, and what it stands on would have been granted in times to come.
    if (Math.abs(this.parts.clock() - entry.at) > opensWithinMs) throw new Problem('keyholder_refused');
    const subject = now.of(subjectsKey).get(judgement.subject);
    if (subject?.kind === 'erased') throw new Problem('subject_erased', { position: subject.tombstone });
    const stored = await this.parts.store.find(judgement.subject);
    if (subject === undefined || stored === undefined || stored.keyId !== subject.keyId)
      throw new Problem('key_unknown');
    if (this.parts.judge.mustStop(now, entry)) throw new Problem('disclosure_stopped');
    return { entry, judgement, stored };
  }

  private async probeOne(now: Governance, position: Position): Promise<ProbeVerdict> {
    const judged = this.probed.get(position);
    // Not heard of, it proves nothing: that must not look like a refusal.
    if (judged === undefined) throw new Problem('keyholder_unavailable');
    this.probed.delete(position);
    try {
      await this.admitted(now, judged);
      return { opens: true };
    } catch (error) {
      if (error instanceof Problem && refusals.has(error.code)) return { opens: false, code: error.code };
      throw error;
    }
  }

  private async lostKeys(state: Governance): Promise<number> {
    const registered = keysOf('registered', state);
    return registered.length - (await this.parts.store.count(registered));
  }

  private get seed(): Secret {
    return this.known.attestation;
  }

  private get known(): RootKeys {
    if (this.keys === undefined) throw new Error('the keyholder was not started');
    return this.keys;
  }

  /** A sample: one row that somebody changed must not keep all others from being opened. */
  private async requireRightRootKey(): Promise<void> {
    const { current, previous } = this.known;
    const sample = await this.parts.store.page('', sampledKeys);
    const isOurs = (key: StoredKeyOf) => opens(current, key) || (previous !== undefined && opens(previous, key));
    if (sample.length > 0 && !sample.some(isOurs)) throw new Problem('root_key_wrong', { unopened: sample.length });
  }

  private make(subject: SubjectId): Promise<StoredKey> {
    return this.parts.store.keep(subject, async () => {
      // Read again: a rotation may have given it another since we started.
      this.keys = await this.parts.rootKeys.read();
      const { publicKey, secretKey } = generateSubjectKey();
      const keyId = randomUUID();
      const wrapped = wrapSubjectKey(this.keys.current, { subject, keyId }, secretKey);
      secretKey.wipe();
      return { keyId, publicKey, wrapped };
    });
  }

  private async unwrap(subject: SubjectId, { keyId, publicKey, wrapped }: StoredKey) {
    let unwrapped = unwrapBy(this.known, { subject, keyId }, wrapped);
    if (unwrapped === undefined) {
      this.keys = await this.parts.rootKeys.read();
      unwrapped = unwrapBy(this.keys, { subject, keyId }, wrapped);
    }
    if (unwrapped === undefined) throw new Problem('tampered');
    if (Buffer.from(unwrapped.publicKey).equals(publicKey)) return unwrapped;
    unwrapped.secretKey.wipe();
    throw new Problem('tampered');
  }

  /**
   * One at a time: two replays of one state would each start from where the other has not been. Whoever comes meanwhile
   * shares the next one with all others: it has not begun yet, so it sees whatever was committed before they came.
   */
  private read(): Promise<Read> {
    return this.readings.of(undefined);
  }

  private async catchUp(): Promise<Governance> {
    const { state, remembered } = await this.read();
    await remembered;
    return state;
  }

  private async startFrom(keeper: CheckpointKeeper): Promise<void> {
    const head = await this.reader.head();
    const found = { db: this.parts.pool, tree: this.tree, size: head.size, replay: () => this.replayTo(head) };
    const lost = await requireNothingLost(keeper, found);
    // The record of an accepted loss is for the service to write: this role cannot.
    const { size, checkpoint } = this.replay.current;
    if (lost !== undefined) await keeper.startOverFrom(checkpoint);
    else if (size > 0) await keeper.keep(checkpoint);
  }

  private async readOn(): Promise<Read> {
    const { governance: state, size, checkpoint } = await this.replayTo(await this.reader.head());
    // A log that goes back behind what was opened on will not be opened on again.
    const remembered = size > 0 ? this.memories.of(checkpoint) : Promise.resolve();
    // Whoever stops before they wait for it is not told.
    remembered.catch(() => undefined);
    return { state, remembered };
  }

  private async replayTo(head: ClaimedHead): Promise<Replayed> {
    const oldest = this.parts.clock() - opensWithinMs;
    const made: [Position, Judged][] = [];
    const tried: [Position, Judged][] = [];
    let lastAt = this.lastAt;
    // Whoever signs checkpoints says what time it is. A grant that was dated ahead would end late, were the next entry
    // dated right; a key that has expired would count in an entry that was dated back.
    const passed = (position: number, at: number) => {
      if (at < lastAt) throw new Problem('log_corrupt', { position });
      lastAt = at;
    };
    const visit: Visit = (before, entry) => {
      passed(entry.position, entry.at);
      if ((entry.type !== 'disclosure.made' && entry.type !== 'containment.probed') || !(entry.at >= oldest)) return;
      const [found, reading] = entry.type === 'disclosure.made' ? [made, entry] : [tried, asReading(entry)];
      found.push([entry.position, { entry: reading, judgement: this.parts.judge.judge(before, reading) }]);
    };
    const replayed = await this.replay.advanceTo(this.parts.pool, head, { visit, shown: governingOnly, passed });
    this.lastAt = lastAt;
    // Nothing of what was not verified is kept, and nothing that is too old to be opened.
    remember(this.judged, made, oldest);
    remember(this.probed, tried, oldest);
    return replayed;
  }
}

/** Undefined if neither of them has wrapped it. */
function unwrapBy({ current, previous }: RootKeys, binding: SubjectKeyBinding, wrapped: Uint8Array) {
  for (const rootKey of previous === undefined ? [current] : [current, previous]) {
    const unwrapped = unwrapSubjectKey(rootKey, binding, wrapped);
    if (unwrapped.kind === 'opened') return unwrapped;
  }
  return undefined;
}

const keysOf = (kind: SubjectState['kind'], state: Governance): string[] =>
  [...state.of(subjectsKey).values()].filter((subject) => subject.kind === kind).map(({ keyId }) => keyId);

/** In the order of their positions, which is that of their times: what is too old stands in front. */
function remember(known: Map<Position, Judged>, found: readonly [Position, Judged][], oldest: number): void {
  for (const [position, judged] of found) known.set(position, judged);
  for (const [position, { entry }] of known) {
    if (entry.at >= oldest) return;
    known.delete(position);
  }
}

/** What whoever is probed would have asked for: judged by the same function, and nothing of it knows which it is. */
const asReading = ({ data, ...entry }: EntryOf<'containment.probed'>): EntryOf<'disclosure.made'> => {
  const { person: actor, grant, session, fields, versions, records } = data;
  return { ...entry, type: 'disclosure.made', actor, data: { grant, session, fields, versions, records } };
};

/** Answers that say no. Whatever else happens says nothing about who can open. */
const refusals: ReadonlySet<ProblemCode> = new Set([
  'keyholder_refused',
  'subject_erased',
  'key_unknown',
  'disclosure_stopped',
]);

/** Whoever asked is not told of our files. */
function unavailable(cause: unknown): never {
  throw new Problem('keyholder_unavailable', {}, { cause });
}
