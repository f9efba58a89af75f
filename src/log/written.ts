import type { Committed } from './draft.js';
import type { Position } from './ids.js';

/** What every write answers beside what is its own. */
export interface Written {
  /** Of the entry that the answer is about: the last one written. */
  readonly position: Position;
  /** A receipt for each entry written, in order (`receipt.ts`): what `custos verify FILE` takes. */
  readonly receipts: readonly string[];
}

/** Of a command that wrote at least one entry. */
export async function written(committed: Committed<unknown>): Promise<Written> {
  return { position: committed.positions.at(-1) as Position, receipts: await committed.receipts() };
}

/** A refusal is an entry as well: the problem says where, so that whoever was refused can have its receipt. */
export const refusedAt = ({ positions }: Pick<Committed<unknown>, 'positions'>): { position?: number } =>
  positions[0] === undefined ? {} : { position: positions[0] };
