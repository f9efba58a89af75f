import { Disclose, DiscloseHandler } from '../../src/access/disclose.handler.js';
import { judge } from '../../src/access/judge-disclosure.js';
import type { IngestRecordsHandler } from '../../src/capture/ingest-records.js';
import type { Judge, KeyholderPort } from '../../src/keys/keyholder-port.js';
import type { FieldName } from '../../src/log/fields.js';
import { decodeHeader } from '../../src/log/header.js';
import type { GrantId, Position, SessionId, SubjectId } from '../../src/log/ids.js';
import type { Log } from '../../src/log/log.js';
import { writeCommand } from '../../src/log/write-command.js';
import { Problem, type ProblemCode } from '../../src/problem.js';
import { shuffled } from '../shuffled.js';
import { freshCommand, researcher, typedRecords, VaultInProcess } from '../vault-in-process.js';
import type { Moment, Raced, Release, Stop } from './judge-races.js';

/** Racers at once. */
const lanes = 24;

/** What is broken on purpose, to see whether the races find it. */
export interface Broken {
  /** Decides on the state that the service knew before it took the head. */
  readonly service?: (log: Log) => Log;
  readonly keyholder?: Judge;
}

export interface Post {
  readonly session: string;
  readonly subject: SubjectId;
  readonly grant: GrantId;
}
export interface Stopped<A> {
  readonly answer: A;
  lift(how: () => Promise<{ position: Position }>): Promise<void>;
}
/** What came of one reader or writer: how it ended, or the code of what refused it. */
export type End = 'released' | 'stored' | 'suppressed' | ProblemCode;

/**
 * Two services and two keyholders on one PostgreSQL, in one process, so that every moment has its place in one order.
 * Each reader goes through one of the services and one of the keyholders; one reader in four is a service that was
 * stolen, and writes its disclosure without asking whether it may.
 */
export class RaceTrack {
  readonly ends = new Map<End, number>();
  races = 0;
  private moment = 0;
  private readonly stops: Stop[] = [];
  private readonly releases: Release[] = [];
  private readonly forged = new Set<Position>();
  private posts = 0;

  private constructor(
    readonly vault: VaultInProcess,
    readonly logs: readonly Log[],
    private readonly services: readonly Log[],
    private readonly keyholders: readonly KeyholderPort[],
    private readonly ingesters: readonly IngestRecordsHandler[],
    readonly random: () => number,
  ) {}

  static async open(random: () => number, { service = (log) => log, keyholder = judge }: Broken = {}) {
    const vault = await VaultInProcess.start();
    const logs = [vault.log, await vault.openLog()];
    const keyholders = [await vault.openKeyholder(vault.trust, undefined, keyholder), await vault.openKeyholder(vault.trust, undefined, keyholder)]; // prettier-ignore
    const ingesters = logs.map((log) => vault.ingester(log));
    return new RaceTrack(vault, logs, logs.map(service), keyholders, ingesters, random);
  }

  /** A subject with one session of three batches, and a grant to read it. */
  async post(terms: { records?: number; disclosures?: number } = {}): Promise<Post> {
    const subject = `s${(this.posts += 1)}` as SubjectId;
    const session = `of-${subject}`;
    const ingester = this.ingesters[0];
    for (const first of [0, 2, 4]) {
      await this.vault.ingest(session, subject, typedRecords(2, 'typed', first), { first, ...(ingester && { with: ingester }) }); // prettier-ignore
    }
    return { session, subject, grant: await this.granted(session, terms) };
  }

  granted(session: string, { records = 6 * 400, disclosures = 400 } = {}): Promise<GrantId> {
    return this.vault.grant(session, ['typed'], { records, disclosures });
  }

  /**
   * A few racers at a time, in any order; each of the others starts when a random share of them has come to its end. So
   * what stops them meets readers who are done, under way and not yet begun.
   */
  async race(racers: readonly (() => Promise<End>)[], others: readonly (() => Promise<unknown>)[]): Promise<void> {
    const waiting = shuffled(racers, this.random);
    const due = others.map((start) => ({ start, after: Math.floor(this.random() * 0.8 * racers.length) }));
    const started: Promise<unknown>[] = [];
    let ended = 0;
    const startDue = () => {
      for (const one of due.splice(0)) {
        if (one.after <= ended) started.push(one.start());
        else due.push(one);
      }
    };
    const lane = async () => {
      for (let racer = waiting.pop(); racer !== undefined; racer = waiting.pop()) {
        startDue();
        const end = await racer();
        this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
        ended += 1;
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    startDue();
    await Promise.all(started);
    this.races += racers.length;
  }

  /** Sends what stops others, by either service. Returns it with its answer. */
  async stop<A extends { position: Position }>(
    about: Pick<Stop, 'kind' | 'covers'>,
    send: (log: Log) => Promise<A>,
  ): Promise<Stopped<A>> {
    const answer = await send(this.pick(this.logs));
    const stop = { ...about, position: answer.position, answered: (this.moment += 1) };
    const index = this.stops.push(stop) - 1;
    const lift = async (how: () => Promise<{ position: Position }>) => {
      const began = (this.moment += 1);
      const { position } = await how();
      this.stops[index] = { ...stop, lifted: { began, position } };
    };
    return { lift, answer };
  }

  reader({ session, subject, grant }: Post): () => Promise<End> {
    return this.random() < 0.25 ? () => this.steal({ session, subject, grant }) : () => this.read(session, grant);
  }

  writer(subject: SubjectId): () => Promise<End> {
    return async () => {
      const session = `new-${(this.posts += 1)}`;
      const { suppressed } = await this.vault.ingest(session, subject, typedRecords(1), { with: this.pick(this.ingesters) }); // prettier-ignore
      return suppressed > 0 ? 'suppressed' : 'stored';
    };
  }

  /** All that is left for a judge. */
  async raced(): Promise<Raced> {
    const { reader } = this.vault.log;
    const headers = await reader.headers(0, (await reader.head()).size);
    const entries = headers.map(({ header }) => decodeHeader(header));
    return { entries, stops: this.stops, releases: this.releases, forged: this.forged };
  }

  private async read(session: string, grant: GrantId): Promise<End> {
    const asked = new Disclose(freshCommand(), researcher, grant, session as SessionId, undefined);
    const service = new DiscloseHandler(this.pick(this.services), this.watched(this.pick(this.keyholders)));
    return this.ended(async () => (await service.execute(asked)).batches);
  }

  private async steal({ session, subject, grant }: Post): Promise<End> {
    const asked = { grant, session: session as SessionId, fields: ['typed'] as FieldName[], versions: 99, records: 6 };
    const log = this.pick(this.logs);
    const { positions } = await log.append(writeCommand(freshCommand(), researcher, 'stolen'), () => ({
      entries: [{ type: 'disclosure.made', stream: `request/${grant}`, subject, data: asked }],
      answer: null,
    }));
    const position = positions[0] as Position;
    this.forged.add(position);
    // Of both keyholders at once: it opens once, if at all.
    const opened = this.keyholders.map((keyholder) => this.ended(async () => this.watched(keyholder).open(position)));
    const [first, second] = await Promise.all(opened);
    return first === 'released' ? first : (second as End);
  }

  private async ended(open: () => Promise<AsyncIterable<unknown>>): Promise<End> {
    try {
      for await (const _batch of await open());
      return 'released';
    } catch (error) {
      if (error instanceof Problem) return error.code;
      throw error;
    }
  }

  /** Notes what comes out of a keyholder, whoever gets it then, and when it was asked for. */
  private watched(keyholder: KeyholderPort): KeyholderPort {
    const asked = (disclosure: Position) => this.noted(disclosure, keyholder.open(disclosure)[Symbol.asyncIterator]());
    return Object.assign(Object.create(keyholder) as KeyholderPort, { open: asked });
  }

  private async *noted<T>(disclosure: Position, batches: AsyncIterator<T>): AsyncGenerator<T> {
    const moments: Moment[] = [];
    try {
      for (;;) {
        const asked = (this.moment += 1);
        const next = await batches.next();
        if (next.done === true) return;
        moments.push(asked);
        yield next.value;
      }
    } finally {
      if (moments.length > 0) this.releases.push({ disclosure, asked: moments });
      await batches.return?.();
    }
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }
}
