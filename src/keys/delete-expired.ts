import type { BodyStore } from '../log/body-store.js';
import type { Retention } from './retention.js';
import type { Deleted } from './keyholder-port.js';

/** Of one call: a few seconds' work, so that a caller behind a socket is never left without an answer. */
const mostSteps = 500;

/** How far the database's clock may be ahead of this one. */
const aheadMs = 300_000;

/**
 * Deletes what a verified state of the log has given up, as far as one call goes. Whoever appends says what time it
 * is: what an entry of the future gives up nobody opens, but it is not deleted before this clock agrees.
 */
export async function deleteExpired(bodies: BodyStore, { expired }: Retention, now: number): Promise<Deleted> {
  let columns = 0;
  let steps = 0;
  for (const [field, { at, ...expiry }] of expired) {
    if (at > now + aheadMs) continue;
    for (let done = false; !done; steps += 1) {
      if (steps === mostSteps) return { columns, done: false };
      const step = await bodies.deleteExpired({ field, ...expiry });
      columns += step.deleted;
      done = step.done;
    }
  }
  return { columns, done: true };
}
