import { cosign } from '../merkle/cosignature.js';
import { onlySignedBy, type NoteSigner } from '../merkle/note.js';
import type { AddCheckpoint } from '../merkle/add-checkpoint.js';
import type { Checkpoint } from '../merkle/checkpoint.js';
import { showsFork, type Evidence } from './evidence.js';
import { judgeCheckpoint, readSubmission, type KnownLog, type Refused } from './judge-checkpoint.js';
import type { Cosigned, WitnessMemory } from './witness-memory.js';

export type Answer =
  | { readonly kind: 'cosigned'; readonly line: string; readonly size: number }
  /** `size`: of the checkpoint that was cosigned last, 0 for none. */
  | { readonly kind: Refused; readonly size: number };

/** What whoever runs a witness wants to hear of. Origins are names from its configuration. */
export interface Told {
  cosigned(origin: string, size: number): void;
  refused(origin: string, why: Refused): void;
  /** `file` has the evidence; undefined where there was no more room for it. */
  misbehaved(kind: Evidence['kind'], about: { origin: string; witnessed: number; shown: number; file: string | undefined }): void; // prettier-ignore
}

interface WitnessParts {
  readonly signer: NoteSigner;
  readonly logs: readonly KnownLog[];
  readonly memory: WitnessMemory;
  readonly told: Told;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/**
 * Cosigns checkpoints of the logs that it knows, as long as each continues the one before. It remembers before it
 * answers, and one after the other for each log: so what it has signed once, no later answer contradicts, whenever it
 * is killed.
 */
export class Witness {
  private readonly logs: ReadonlyMap<string, KnownLog>;
  private readonly queues = new Map<string, Promise<unknown>>();

  private constructor(
    private readonly parts: WitnessParts,
    private readonly latest: Map<string, Cosigned>,
  ) {
    this.logs = new Map(parts.logs.map((log) => [log.origin, log]));
  }

  /** @throws Problem witness_memory_unusable */
  static async start(parts: WitnessParts): Promise<Witness> {
    const latest = new Map<string, Cosigned>();
    for (const log of parts.logs) {
      const last = await parts.memory.last(log);
      if (last !== undefined) latest.set(log.origin, last);
    }
    return new Witness(parts, latest);
  }

  /** The checkpoint that it cosigned last, cosignature included. */
  last(origin: string): Cosigned | undefined {
    return this.latest.get(origin);
  }

  /** Answers the body of an `add-checkpoint`. @throws Problem data_in_use, witness_memory_unusable */
  async add(body: string): Promise<Answer> {
    const submission = readSubmission(body, this.logs);
    if (submission.kind !== 'submitted') return { kind: submission.kind, size: 0 };
    return this.submit(submission.log, submission.asked);
  }

  /** The same, for what the witness has fetched itself. */
  submit(log: KnownLog, asked: AddCheckpoint): Promise<Answer> {
    return this.inOrder(log.origin, () => this.decide(log, asked));
  }

  /**
   * The log itself showed less than it had, or hashes that convict it. Kept as evidence, if it is any.
   * `shown`: a note whose signature was verified, and what it says.
   */
  async accuse(
    { origin }: KnownLog,
    witnessed: Cosigned,
    shown: Checkpoint & { readonly note: string },
    proof: readonly Uint8Array[] = [],
  ): Promise<void> {
    const isFork = showsFork([witnessed, shown], proof);
    if (!isFork && shown.size >= witnessed.size) return;
    const kind = isFork ? 'fork' : 'rollback';
    const evidence: Evidence = {
      v: 1,
      kind,
      seenAt: this.parts.clock(),
      witnessed: witnessed.note,
      shown: shown.note,
      proof: isFork ? proof.map((hash) => Buffer.from(hash).toString('base64')) : [],
    };
    // Told of whether or not it could be kept: a full disk must not make it silent.
    const about = { origin, witnessed: witnessed.size, shown: shown.size };
    const file = await this.parts.memory.convict(origin, evidence, witnessed.size).catch(() => undefined);
    this.parts.told.misbehaved(kind, { ...about, file });
  }

  private async decide(log: KnownLog, asked: AddCheckpoint): Promise<Answer> {
    const { signer, memory, told, clock } = this.parts;
    const latest = this.latest.get(log.origin);
    const judged = judgeCheckpoint(latest, log, asked);
    if (judged.kind !== 'cosign') {
      told.refused(log.origin, judged.kind);
      if (latest !== undefined && judged.signed !== undefined && judged.signed.size >= latest.size) {
        const shown = { ...judged.signed, note: onlySignedBy(asked.checkpoint, log.verifiers) };
        // Two of one size convict whatever else was asked; of others the very proof that was sent may.
        await this.accuse(log, latest, shown, shown.size === latest.size ? [] : asked.proof);
      }
      return { kind: judged.kind, size: latest?.size ?? 0 };
    }
    const { checkpoint } = judged;
    const note = onlySignedBy(asked.checkpoint, log.verifiers);
    const line = cosign(note, signer, Math.floor(clock() / 1000));
    // Nothing is durable yet and nobody has the line. Of the same size only its time is new, which need not last.
    if (checkpoint.size !== latest?.size) await memory.keep(log.origin, note + line);
    // Durable: killed from here on, the witness knows of it, whether or not the answer arrives.
    this.latest.set(log.origin, { ...checkpoint, note: note + line });
    told.cosigned(log.origin, checkpoint.size);
    return { kind: 'cosigned', line, size: checkpoint.size };
  }

  private inOrder<T>(origin: string, work: () => Promise<T>): Promise<T> {
    const next = (this.queues.get(origin) ?? Promise.resolve()).then(work);
    this.queues.set(
      origin,
      next.catch(() => undefined),
    );
    return next;
  }
}
