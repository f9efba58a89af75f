import { Gauge, type Registry } from 'prom-client';
import type { WitnessState, WitnessStatus } from './send-checkpoints.js';

const states = ['behind', 'cosigned', 'unreachable', 'refused', 'went_back', 'log_rolled_back', 'log_forked'] as const satisfies readonly WitnessState[]; // prettier-ignore

/** How far each witness is behind. Its name is no secret: it stands in every cosignature. */
export function countSending(registry: Registry, size: () => number, status: () => readonly WitnessStatus[]): void {
  const registers = [registry];
  new Gauge({
    name: 'custos_witness_behind_entries',
    help: 'Entries that a witness has not cosigned yet',
    labelNames: ['witness'] as const,
    registers,
    collect() {
      for (const one of status()) this.set({ witness: one.name }, Math.max(0, size() - one.size));
    },
  });
  new Gauge({
    name: 'custos_witness_last_timestamp_seconds',
    help: 'When a witness cosigned last, 0 for not yet',
    labelNames: ['witness'] as const,
    registers,
    collect() {
      for (const one of status()) this.set({ witness: one.name }, Math.floor(one.at / 1000));
    },
  });
  new Gauge({
    name: 'custos_witness_state',
    help: '1 for the state that a witness is in',
    labelNames: ['witness', 'state'] as const,
    registers,
    collect() {
      for (const one of status()) {
        for (const state of states) this.set({ witness: one.name, state }, one.state === state ? 1 : 0);
      }
    },
  });
}
