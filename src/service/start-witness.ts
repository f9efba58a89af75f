import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Registry } from 'prom-client';
import { codeOf, Problem } from '../problem.js';
import { lookAt, type FollowedLog, type Looked } from '../witness/follow-log.js';
import { readWitnessFiles, witnessFiles } from '../witness/witness-files.js';
import { WitnessMemory } from '../witness/witness-memory.js';
import { WitnessMetrics } from '../witness/witness-metrics.js';
import { serveWitness } from '../witness/witness-server.js';
import { Witness, type Told } from '../witness/witness.js';

/** How long a fork can go unseen that is only shown, and not submitted. A look is one small request. */
const lookEveryMs = 5_000;

export interface WitnessSettings {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  /** The witness cannot go on: another process has its memory. */
  readonly onEnd: (error: Problem) => void;
  readonly lookEveryMs?: number;
}

export interface RunningWitness {
  readonly url: string;
  readonly witness: Witness;
  close(): Promise<void>;
}

/** @throws Problem witness_file_invalid, witness_memory_unusable, data_in_use, setting_invalid */
export async function startWitness(settings: WitnessSettings): Promise<RunningWitness> {
  const { dir, host, port, logger, onEnd } = settings;
  const { signer, logs } = await readWitnessFiles(dir);
  const memory = await WitnessMemory.open(witnessFiles(dir).memory);
  const registry = new Registry();
  const metrics = new WitnessMetrics(registry, () => memory.evidenceCount);
  const health = new Health(memory);
  const failed = (error: unknown) => {
    health.failed = true;
    const code = codeOf(error);
    logger.error({ code }, 'nothing was cosigned');
    if (error instanceof Problem && code === 'data_in_use') onEnd(error);
  };
  const ended = new AbortController();
  try {
    const told = tell(logger, metrics, health);
    const witness = await Witness.start({ signer, logs, memory, told, clock: Date.now });
    const origins = logs.map(({ origin }) => origin);
    for (const origin of origins) {
      const last = witness.last(origin);
      if (last !== undefined) metrics.cosigned(origin, last.size);
    }
    const ready = () => health.check();
    const server = await serveWitness({ witness, origins, registry, ready, failed }, { host, port });
    const following = logs
      .filter((log): log is FollowedLog => 'url' in log)
      .map((log) => follow(log, witness, { everyMs: settings.lookEveryMs ?? lookEveryMs, ended: ended.signal, looked: looked(logger, metrics), failed })); // prettier-ignore
    const close = async () => {
      ended.abort();
      await Promise.all(following);
      await server.close();
      await memory.close();
    };
    return { url: server.url, witness, close };
  } catch (error) {
    ended.abort();
    await memory.close();
    throw error;
  }
}

class Health {
  failed = false;

  constructor(private readonly memory: WitnessMemory) {}

  async check(): Promise<void> {
    if (this.failed || this.memory.evidenceCount > 0) throw new Problem('not_verified');
  }
}

function tell(logger: Logger, metrics: WitnessMetrics, health: Health): Told {
  return {
    cosigned: (origin, size) => {
      health.failed = false;
      metrics.cosigned(origin, size);
    },
    refused: (origin, why) => {
      metrics.refused(origin, why);
      // All else can be had by anybody who knows an origin, as often as they like.
      if (why === 'proof_refused' || why === 'root_differs')
        logger.warn({ origin, why }, 'a checkpoint was not cosigned');
    },
    misbehaved: (kind, about) => {
      metrics.misbehaved(kind, about);
      logger.fatal({ kind, ...about }, kind === 'fork' ? 'THE LOG FORKED: it signed two histories' : 'THE LOG IS SHORTER THAN IT WAS'); // prettier-ignore
    },
  };
}

/** Said when it changes: a log that cannot be reached for a night is one line. */
function looked(logger: Logger, metrics: WitnessMetrics) {
  const before = new Map<string, Looked>();
  return (origin: string, outcome: Looked) => {
    metrics.looked(origin, outcome);
    if (before.get(origin) !== outcome) logger.info({ origin, outcome }, 'looked at the log');
    before.set(origin, outcome);
  };
}

interface Following {
  readonly everyMs: number;
  readonly ended: AbortSignal;
  readonly looked: (origin: string, outcome: Looked) => void;
  readonly failed: (error: unknown) => void;
}

async function follow(log: FollowedLog, witness: Witness, { everyMs, ended, looked, failed }: Following) {
  while (!ended.aborted) {
    await lookAt(log, witness, ended).then((outcome) => looked(log.origin, outcome), failed);
    await sleep(everyMs, undefined, { signal: ended }).catch(() => undefined);
  }
}
