import type { Registry } from 'prom-client';
import { openLogger } from '../http/logger.js';
import type { KeptCheckpoint } from '../log/checkpoint-keeper.js';
import type { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { askAtStart } from '../witness/ask-at-start.js';
import type { KnownLog } from '../witness/judge-checkpoint.js';
import { sendCheckpoints, type Sending, type WitnessStatus } from '../witness/send-checkpoints.js';
import { countSending } from '../witness/sending-metrics.js';
import { readWitnesses } from '../witness/witnesses.js';

export interface ServiceWitnesses {
  /** What they hold of this log: nothing of it may be missing. */
  readonly elsewhere: readonly KeptCheckpoint[];
  /** From when the log has started on, until `close`. */
  send(log: Log): Sending;
  /** Rejects while one of them holds a checkpoint that this log signed and does not continue. */
  check(): Promise<void>;
  count(registry: Registry, log: Log): void;
}

/** @throws Problem witness_file_invalid, witnesses_unreachable */
export async function openWitnesses(file: string, known: KnownLog, logLevel: string): Promise<ServiceWitnesses> {
  const witnesses = await readWitnesses(file);
  const elsewhere = await askAtStart(witnesses, known);
  const logger = openLogger({ level: logLevel, to: undefined });
  const changed = ({ name: witness, state, size }: WitnessStatus) => {
    if (state === 'cosigned') logger.info({ witness, size }, 'a witness cosigns');
    else logger[isConflict(state) ? 'fatal' : 'warn']({ witness, state, size }, 'a witness does not cosign');
  };
  let sending: Sending | undefined;
  const status = () => sending?.status() ?? [];
  return {
    elsewhere,
    send: (log) => (sending = sendCheckpoints({ log, known, witnesses: witnesses.all, changed })),
    check: async () => {
      const conflict = status().find(({ state }) => isConflict(state));
      if (conflict !== undefined) throw new Problem(conflict.state as 'log_forked', { kept: conflict.size });
    },
    count: (registry, log) => countSending(registry, () => log.size, status),
  };
}

const isConflict = (state: WitnessStatus['state']): boolean => state === 'log_rolled_back' || state === 'log_forked';
