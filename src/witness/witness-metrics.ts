import { Counter, Gauge, type Registry } from 'prom-client';
import type { Looked } from './follow-log.js';
import type { Told } from './witness.js';

/** What a witness counts. `log` is an origin out of its configuration: it knows no others. */
export class WitnessMetrics implements Told {
  private readonly size: Gauge<'log'>;
  private readonly at: Gauge<'log'>;
  private readonly refusals: Counter<'log' | 'why'>;
  private readonly misbehaviour: Counter<'log' | 'kind'>;
  private readonly looks: Counter<'log' | 'outcome'>;

  constructor(registry: Registry, evidence: () => number) {
    const registers = [registry];
    const log = ['log'] as const;
    this.size = new Gauge({
      name: 'custos_witness_cosigned_entries',
      help: 'Size of the checkpoint that was cosigned last',
      labelNames: log,
      registers,
    });
    this.at = new Gauge({
      name: 'custos_witness_cosigned_timestamp_seconds',
      help: 'When a checkpoint was cosigned last',
      labelNames: log,
      registers,
    });
    this.refusals = new Counter({
      name: 'custos_witness_refused_total',
      help: 'Checkpoints that were not cosigned, by why',
      labelNames: ['log', 'why'] as const,
      registers,
    });
    this.misbehaviour = new Counter({
      name: 'custos_witness_misbehaved_total',
      help: 'How often a log was seen forked or rolled back',
      labelNames: ['log', 'kind'] as const,
      registers,
    });
    this.looks = new Counter({
      name: 'custos_witness_looks_total',
      help: 'Looks at followed logs, by how they ended',
      labelNames: ['log', 'outcome'] as const,
      registers,
    });
    new Gauge({
      name: 'custos_witness_evidence',
      help: 'Files with proof of misbehaviour in the memory; not ready while there are any',
      registers,
      collect() {
        this.set(evidence());
      },
    });
  }

  cosigned(origin: string, size: number): void {
    this.size.set({ log: origin }, size);
    this.at.set({ log: origin }, Math.floor(Date.now() / 1000));
  }

  refused(origin: string, why: string): void {
    this.refusals.inc({ log: origin, why });
  }

  misbehaved(kind: string, { origin }: { origin: string }): void {
    this.misbehaviour.inc({ log: origin, kind });
  }

  looked(origin: string, outcome: Looked): void {
    this.looks.inc({ log: origin, outcome });
  }
}
