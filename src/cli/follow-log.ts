import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '../problem.js';
import type { Client } from './client.js';
import { notVerified } from './refusal.js';

/** A service that restarts is back within this; one that is not is down, and whoever waits should hear it. */
const mostAttempts = 12;
const firstDelayMs = 200;
const longestDelayMs = 5_000;

/**
 * The entries from a position on, for as long as there is a service. Cut off, it comes back for the next position, so
 * none is missed and none comes twice; a service that leaves one out is not believed any further.
 * @throws what the service refuses with; Problem service_unreachable, not_verified
 */
export async function* followLog(
  connect: () => Promise<Pick<Client, 'followLines'>>,
  from: number,
): AsyncGenerator<Record<string, unknown>> {
  let next = from;
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Each time anew: in dev mode that makes a token which is good for another while.
      const client = await connect();
      for await (const line of client.followLines('/v1/log/entries', { from: next, follow: 'true' })) {
        const entry = line as Record<string, unknown>;
        if (entry['position'] !== next) throw notVerified(next, 'missing');
        yield entry;
        next += 1;
        attempt = 1;
      }
    } catch (error) {
      const isAway = error instanceof Problem && error.code === 'service_unreachable';
      if (!isAway || attempt >= mostAttempts) throw error;
    }
    await sleep(Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs));
  }
}
