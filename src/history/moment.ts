import { z } from 'zod';
import type { Governance } from '../log/governance.js';
import { type Log } from '../log/log.js';
import { Problem } from '../problem.js';

/** A moment to ask about: a size of the log (a number), or a time (ISO 8601). */
export const Moment = z.union([
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
  z.iso.datetime({ offset: true }),
]);
export type Moment = z.infer<typeof Moment>;

/** The governance state at one moment. The time was mapped to a position once; the rest follows from positions. */
export interface StateAt {
  /** The state is that of the log's first `position` entries. */
  readonly position: number;
  /** Epoch milliseconds at which expiry is judged: the moment asked for, or the time of the last of those entries. */
  readonly at: number;
  /** Signed note that covers those entries. */
  readonly checkpoint: string;
  readonly state: Governance;
}

/** Answers for the present if no moment is named. @throws Problem position_unknown, log_corrupt */
export async function stateAt(log: Log, moment: Moment | undefined): Promise<StateAt> {
  const head = await log.reader.head();
  const asked = typeof moment === 'string' ? Date.parse(moment) : undefined;
  const position =
    typeof moment === 'number' ? moment : asked === undefined ? head.size : await log.reader.sizeAt(asked);
  if (position > head.size) throw new Problem('position_unknown', { size: head.size });
  const { state, lastAt } = await log.stateAtSize(position);
  const { checkpoint } = await log.reader.checkpointCovering(position);
  const at = asked ?? (moment === undefined ? Date.now() : lastAt);
  return { position, at, checkpoint, state };
}
