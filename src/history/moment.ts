import { z } from 'zod';
import type { Governance } from '../log/governance.js';
import type { Log } from '../log/log.js';
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

/** One moment. The time was mapped to a position once; the rest follows from positions. */
export interface Place {
  /** What is said is about the log's first `position` entries. */
  readonly position: number;
  /** Epoch milliseconds at which expiry is judged: the moment asked for, or the time of the last of those entries. */
  readonly at: number;
  /** Signed note that covers those entries. */
  readonly checkpoint: string;
}

/** The governance state at one moment. */
export interface StateAt extends Place {
  readonly state: Governance;
}

/** Answers for the present if no moment is named. @throws Problem position_unknown, log_corrupt */
export async function stateAt(log: Log, moment: Moment | undefined): Promise<StateAt> {
  const head = await log.reader.head();
  const place = moment === undefined ? { position: head.size, at: Date.now() } : await placeOf(log, moment);
  const state = await log.stateAtSize(place.position);
  const { checkpoint } = await log.reader.checkpointCovering(place.position);
  return { ...place, checkpoint, state };
}

/** Two moments, in order. What comes between them is the same whenever it is asked. */
export interface Span {
  readonly from: Place;
  readonly to: Place;
}

/** @throws Problem position_unknown, moment_ahead, moments_reversed, log_corrupt */
export async function spanOf(log: Log, from: Moment, to: Moment): Promise<Span> {
  const [first, last] = [await pastPlaceOf(log, from), await pastPlaceOf(log, to)];
  if (first.position > last.position || first.at > last.at) throw new Problem('moments_reversed');
  return { from: first, to: last };
}

/** @throws Problem position_unknown, moment_ahead, log_corrupt */
export async function pastPlaceOf(log: Log, moment: Moment): Promise<Place> {
  // Until a later entry has closed it, more may come to stand before a moment, and then it would have two answers. The
  // entry of the question itself closes all that was before it.
  if (typeof moment === 'string' && Date.parse(moment) >= (await log.reader.head()).at)
    throw new Problem('moment_ahead');
  const place = await placeOf(log, moment);
  return { ...place, checkpoint: (await log.reader.checkpointCovering(place.position)).checkpoint };
}

async function placeOf(log: Log, moment: Moment): Promise<Omit<Place, 'checkpoint'>> {
  const { size } = await log.reader.head();
  if (typeof moment === 'string') {
    const at = Date.parse(moment);
    const position = await log.reader.sizeAt(at);
    // Found by a column that the database could say otherwise, so the entries on both sides are asked what time it was.
    const isAfter = position === 0 || (await timeOf(log, position - 1)) <= at;
    const isBefore = position >= size || (await timeOf(log, position)) > at;
    if (!isAfter || !isBefore) throw new Problem('log_corrupt', { position });
    return { position, at };
  }
  if (moment > size) throw new Problem('position_unknown', { size });
  return { position: moment, at: moment === 0 ? 0 : await timeOf(log, moment - 1) };
}

const timeOf = async (log: Log, position: number): Promise<number> => (await log.proven(position)).at;
