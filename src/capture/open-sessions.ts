import { randomBytes } from 'node:crypto';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { SessionId } from '../log/ids.js';
import type { LogReader } from '../log/log-reader.js';
import type { Secret } from '../sealing/secret.js';
import { generateSessionKey, sealSessionKey } from '../sealing/session-key.js';
import type { Tag } from './detection/detect.js';
import { emptySession, evolveSession, type SessionState } from './session-state.js';

/** Sessions written at the same time by one process. The one unused for longest makes room, and its key is wiped. */
const mostOpen = 10_000;
const idleMs = 10 * 60_000;
const sweepMs = 60_000;

/** A session key for as long as this process writes the session: it seals, and cannot open what it sealed to others. */
export interface Epoch {
  readonly id: Uint8Array;
  readonly key: Secret;
  readonly keyId: string;
  readonly sealedKey: Uint8Array;
}

export interface OpenSession {
  state: SessionState;
  epoch?: Epoch;
  /** Inputs whose text was raised, so that what is typed there later is too. */
  readonly inputs: Map<string, Tag>;
  usedAt: number;
}

/** The sessions that this process is writing. Whatever is remembered here the log's stream version checks. */
export class OpenSessions implements OnModuleInit, OnModuleDestroy {
  private readonly sessions = new Map<SessionId, OpenSession>();
  private readonly turns = new Map<SessionId, Promise<unknown>>();
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    private readonly reader: LogReader,
    private readonly clock: () => number = Date.now,
  ) {}

  onModuleInit(): void {
    this.sweeping = setInterval(() => this.close(idleMs), sweepMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeping);
    this.close(0);
  }

  /** Runs writers of one session one after the other: side by side they would only refuse each other. */
  async inTurn<T>(session: SessionId, write: (open: OpenSession) => Promise<T>): Promise<T> {
    const before = this.turns.get(session) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(async () => write(await this.open(session)));
    this.turns.set(session, turn);
    try {
      return await turn;
    } finally {
      if (this.turns.get(session) === turn) this.turns.delete(session);
    }
  }

  /** Reads what others have written to the session since. */
  async refresh(session: SessionId, open: OpenSession): Promise<void> {
    const entries = await this.reader.stream(`session/${session}`, { from: open.state.version });
    open.state = entries.reduce(evolveSession, open.state);
  }

  /** The epoch to seal under, a new one if this process has none for the subject's key. */
  epochFor(open: OpenSession, key: { readonly keyId: string; readonly publicKey: Uint8Array }): Epoch {
    if (open.epoch?.keyId === key.keyId) return open.epoch;
    open.epoch?.key.wipe();
    const sessionKey = generateSessionKey();
    open.epoch = {
      id: randomBytes(16),
      key: sessionKey,
      keyId: key.keyId,
      sealedKey: sealSessionKey(key.publicKey, sessionKey),
    };
    return open.epoch;
  }

  /** Forgets what is idle, above all its key. */
  close(olderThanMs: number): void {
    for (const [id, open] of this.sessions) {
      if (this.clock() - open.usedAt >= olderThanMs && !this.turns.has(id)) this.forget(id);
    }
  }

  private async open(session: SessionId): Promise<OpenSession> {
    const known = this.sessions.get(session);
    const open = known ?? { state: emptySession, inputs: new Map(), usedAt: 0 };
    open.usedAt = this.clock();
    if (known === undefined) {
      await this.refresh(session, open);
      if (this.sessions.size >= mostOpen) this.makeRoom();
    }
    // Insertion order is order of use.
    this.sessions.delete(session);
    this.sessions.set(session, open);
    return open;
  }

  /** The one that was used longest ago, and that nobody is writing right now. */
  private makeRoom(): void {
    for (const id of this.sessions.keys()) {
      if (!this.turns.has(id)) return this.forget(id);
    }
  }

  private forget(session: SessionId): void {
    this.sessions.get(session)?.epoch?.key.wipe();
    this.sessions.delete(session);
  }
}
