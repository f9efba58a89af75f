import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../log/log.js';
import { consistencyProof } from '../merkle/tree.js';
import { Problem } from '../problem.js';
import { askToCosign, lastCosigned } from './ask-witness.js';
import type { KnownLog } from './judge-checkpoint.js';
import type { TrustedWitness } from './witnesses.js';

/** A look at what is in memory; a request only if the log has grown, or the last cosignature is old. */
const everyMs = 1_000;
/** A log in which nothing happens is still one that is watched. */
const freshForMs = 60_000;
const longestBackOffMs = 30_000;
/** Each time it knows of a larger size, and goes on from there; others may submit at the same time. */
const mostTries = 5;

/**
 * `behind`: asked, and not answered yet. `went_back`: it has forgotten what it had cosigned. `log_rolled_back` and
 * `log_forked`: it holds a checkpoint that this log's key signed and this log does not continue.
 */
export type WitnessState = 'behind' | 'cosigned' | 'unreachable' | 'refused' | 'went_back' | 'log_rolled_back' | 'log_forked'; // prettier-ignore

export interface WitnessStatus {
  readonly name: string;
  readonly state: WitnessState;
  /** Of the checkpoint that it cosigned last, as far as is known here. */
  readonly size: number;
  /** Epoch milliseconds of its last answer that was a cosignature; 0 for none. */
  readonly at: number;
}

export interface Sending {
  status(): readonly WitnessStatus[];
  close(): Promise<void>;
}

interface SendOptions {
  readonly log: Log;
  readonly known: KnownLog;
  readonly witnesses: readonly TrustedWitness[];
  /** Told whenever the state of one is another than before. */
  readonly changed: (status: WitnessStatus) => void;
  readonly everyMs?: number;
}

/** Sends what this process has verified to each witness, by itself: none waits for another, and no append for any. */
export function sendCheckpoints(options: SendOptions): Sending {
  const ended = new AbortController();
  const senders = options.witnesses.map((witness) => new Sender(witness, options, ended.signal));
  const running = senders.map((sender) => sender.run());
  return {
    status: () => senders.map(({ status }) => status),
    close: async () => {
      ended.abort();
      await Promise.all(running);
    },
  };
}

class Sender {
  status: WitnessStatus;
  private backOffMs = 0;

  constructor(
    private readonly witness: TrustedWitness,
    private readonly options: SendOptions,
    private readonly ended: AbortSignal,
  ) {
    this.status = { name: witness.name, state: 'behind', size: 0, at: 0 };
  }

  async run(): Promise<void> {
    const { everyMs: pauseMs = everyMs } = this.options;
    while (!this.ended.aborted) {
      if (this.isDue()) await this.round(pauseMs);
      await sleep(Math.max(pauseMs, this.backOffMs), undefined, { signal: this.ended }).catch(() => undefined);
    }
  }

  private isDue(): boolean {
    const { size } = this.options.log.signed;
    return (
      size > 0 &&
      (this.status.state !== 'cosigned' || size > this.status.size || Date.now() - this.status.at > freshForMs)
    );
  }

  private async round(pauseMs: number): Promise<void> {
    const state = await this.send().catch((error: unknown) =>
      // The database was put back under this process, by its own memory.
      error instanceof Problem && error.code === 'log_rolled_back' ? error.code : ('unreachable' as const),
    );
    if (this.ended.aborted) return;
    this.backOffMs = state === 'cosigned' ? 0 : Math.min(longestBackOffMs, Math.max(pauseMs, this.backOffMs * 2));
    this.become({ state });
  }

  /** Only what this process has replayed is sent: a database that was put back under it must not be vouched for. */
  private async send(): Promise<WitnessState> {
    const { log } = this.options;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const { size, checkpoint } = log.signed;
      const oldSize = Math.min(this.status.size, size);
      const proof = oldSize === 0 ? [] : await consistencyProof(log.tree.subtrees(size), oldSize, size);
      const answer = await askToCosign(this.witness, { oldSize, proof, checkpoint }, this.ended);
      if (answer.kind === 'cosigned') {
        log.cosigned.add({ size, checkpoint }, this.witness.name, answer.line);
        this.become({ size, at: Date.now() });
        return 'cosigned';
      }
      if (answer.kind === 'refused') return (await this.conflict()) ?? 'refused';
      if (this.status.state === 'cosigned' && answer.size < this.status.size) this.become({ state: 'went_back' });
      this.become({ size: answer.size });
      if (answer.size <= size) continue;
      // Another instance may have sent what this one has not read yet.
      await log.refreshed();
      if (log.signed.size < answer.size) return (await this.conflict()) ?? 'refused';
    }
    return 'behind';
  }

  /** A witness can say anything; what the log's own key has signed is another matter. */
  private async conflict(): Promise<'log_rolled_back' | 'log_forked' | undefined> {
    const { log, known } = this.options;
    const last = await lastCosigned(this.witness, known, this.ended);
    // After it: what another instance has had cosigned meanwhile is in the database by now.
    await log.refreshed();
    if (last === undefined || (await log.accountsFor(last))) return undefined;
    return last.size > log.signed.size ? 'log_rolled_back' : 'log_forked';
  }

  private become(next: Partial<WitnessStatus>): void {
    const before = this.status;
    this.status = { ...before, ...next };
    if (this.status.state !== before.state) this.options.changed(this.status);
  }
}
