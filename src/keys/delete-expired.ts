import type { BodyStore } from '../log/body-store.js';
import type { Retention } from '../log/retention.js';
import type { Deleted } from './keyholder-port.js';

/** Of one call: a few seconds' work, so that a caller behind a socket is never left without an answer. */
const mostSteps = 500;

/** Deletes what a verified state of the log has given up, as far as one call goes. */
export async function deleteExpired(bodies: BodyStore, { expired }: Retention): Promise<Deleted> {
  let columns = 0;
  let steps = 0;
  for (const [field, expiry] of expired) {
    for (let done = false; !done; steps += 1) {
      if (steps === mostSteps) return { columns, done: false };
      const step = await bodies.deleteExpired({ field, ...expiry });
      columns += step.deleted;
      done = step.done;
    }
  }
  return { columns, done: true };
}
