import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.js';
import { append, consent, type TestLog } from './test-log.spec.js';

const writers = 16;
const commandsEach = 20;

export const many = (count: number, stream?: string) => Array.from({ length: count }, () => consent(stream));
export const freshSeed = () => Math.floor(Math.random() * 1_000_000);

/** Every transaction that writes entries waits from now on, some before it writes and some when it commits, by a seed. */
export async function delayTransactions(test: TestLog, seed: number): Promise<void> {
  const owner = test.pool('superuser');
  for (const when of ['before', 'commit']) {
    await owner.query(`CREATE FUNCTION public.delay_${when}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      PERFORM pg_sleep(abs(hashint8(NEW.position + ${seed})) % 7 / 1000.0);
      RETURN NEW;
    END $$`);
  }
  await owner.query(`CREATE TRIGGER delay_before BEFORE INSERT ON log.entry FOR EACH ROW WHEN (NEW.position % 3 = 0)
                     EXECUTE FUNCTION public.delay_before()`);
  await owner.query(`CREATE CONSTRAINT TRIGGER delay_commit AFTER INSERT ON log.entry DEFERRABLE INITIALLY DEFERRED
                     FOR EACH ROW WHEN (NEW.position % 3 = 1) EXECUTE FUNCTION public.delay_commit()`);
}

/** 16 writers on these instances, each one command after the other, of 1 to 4 entries by the seed. */
export async function writeByMany(instances: readonly Log[], seed: number): Promise<void> {
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      const log = instances[writer % instances.length] as Log;
      for (let index = 0; index < commandsEach; index += 1) {
        await append(log, ...many(1 + ((seed + writer * 7 + index) % 4), `subject/s${writer}`));
      }
    }),
  );
}

/** Ends every connection that listens, every few milliseconds. Says how many it ended. */
export async function killListeners(test: TestLog, signal: AbortSignal): Promise<number> {
  const owner = test.pool('superuser');
  let killed = 0;
  while (!signal.aborted) {
    const { rowCount } = await owner.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
    );
    killed += rowCount ?? 0;
    await sleep(30);
  }
  return killed;
}

/** What a reader of all of it must have seen. */
export async function storedHeaders(test: TestLog): Promise<{ position: number; header: string }[]> {
  const { rows } = await test
    .pool('custos_reader')
    .query<{ position: number; header: string }>(
      `SELECT position, replace(encode(header, 'base64'), E'\\n', '') AS header FROM log.entry ORDER BY position`,
    );
  return rows;
}

type Seen = readonly { readonly position: number; readonly header: string }[];
/** Short where it fails, with what replays it: the seed, and the first place that is another one. */
export function expectAll(seed: number, seen: Seen, stored: Seen): void {
  const differs = stored.findIndex(
    ({ position, header }, index) => seen[index]?.position !== position || seen[index].header !== header,
  );
  expect({ seed, differs, seen: seen.length }).toEqual({ seed, differs: -1, seen: stored.length });
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10);
}
