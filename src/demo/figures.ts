import { linesOf } from './ask.js';
import { claimFound } from './claim.js';
import type { Captured } from './acts/capture.js';
import type { EntryShown } from './acts/granting.js';
import { recordings } from './recordings.js';
import type { Stage } from './stage.js';

export interface Figures {
  readonly records: number;
  readonly rawBytes: number;
  /** Sealed and padded, of the same recordings. */
  readonly storedBytes: number;
  readonly disclosures: number;
  readonly refusals: number;
  readonly entriesVerified: number;
}

/** Counted in the log itself, while the service still runs. */
export async function figuresOf(
  { ask, custos }: Stage,
  { rawBytes, records: captured }: Captured,
  generated: number,
): Promise<Figures> {
  const entries = linesOf<EntryShown>(await ask('auditor', 'GET', '/v1/log/entries?limit=10000'));
  const sizes = await Promise.all(
    recordings.map(async ({ session }) => {
      const shown = await custos.done<{ fields: { bytes: number }[] }>('auditor', 'session', 'show', session);
      return shown.fields.reduce((sum, { bytes }) => sum + bytes, 0);
    }),
  );
  const refusals = ['disclosure.refused', 'approval.refused', 'request.refused'];
  return {
    records: captured + generated,
    rawBytes,
    storedBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
    disclosures: entries.filter(({ type }) => type === 'disclosure.made').length,
    refusals: entries.filter(({ type }) => refusals.includes(type)).length,
    entriesVerified: claimFound(entries.at(-1), 'the last entry').position + 1,
  };
}
