import type pg from 'pg';
import { Problem } from '../problem.js';
import { prepareGroup, type AppenderParts, type Prepared } from './append-transaction.js';
import type { Pending } from './decide-group.js';
import type { Landed } from './landed.js';
import { settleCommit } from './settle-commit.js';
import { asProblem, writeAndCommit } from './write-and-commit.js';

/**
 * One transaction that holds the head, from BEGIN to an answer without doubt, in two flights to the server: with the
 * first the head is taken, the second writes and commits. Never throws: what fails is a Problem log_unavailable or
 * log_corrupt, or Unstorable, and nothing was written; or outcome_unknown.
 */
export async function commitGroup(pool: pg.Pool, parts: AppenderParts, group: readonly Pending[]): Promise<Landed> {
  return committed(pool, parts, group).then(
    ({ earlier, settled, writes }) => ({ kind: 'committed', earlier, settled, writes }),
    (error: unknown) => ({ kind: 'failed', error }),
  );
}

async function committed(pool: pg.Pool, parts: AppenderParts, group: readonly Pending[]): Promise<Prepared> {
  const { size } = parts.replay.current;
  const { belief, bodies, replay, versions } = parts;
  belief.lose();
  const client = await pool.connect().catch(() => {
    throw new Problem('log_unavailable');
  });
  const prepared = await prepareGroup(client, parts, group).catch(async (error: unknown) => {
    // Nothing is durable.
    await giveUp(client);
    throw asProblem(error, size);
  });
  // Nothing is durable, and the head is held. If we stop here, the server frees it after ten seconds at most.
  const { writes, isAlone, at } = prepared;
  if (writes === undefined) {
    await giveUp(client);
    if (isAlone) belief.found({ state: replay.current, at });
    return prepared;
  }
  const { ended } = await writeAndCommit(client, bodies, writes.group);
  const ending = await ended;
  client.release(ending.kind === 'unknown' || (ending.kind === 'refused' && ending.connection === 'broken'));
  if (ending.kind === 'refused') throw asProblem(ending.error, size);
  if (ending.kind === 'unknown') await settleCommit(pool, ending.server, writes.next);
  // Durable. If we stop here the callers do not know it: they send the command again and get this answer.
  replay.adopt(writes.next);
  versions.adopt(writes.next.size, writes.versions);
  if (isAlone && ending.kind === 'committed') belief.found({ state: writes.next, at: ending.now });
  return prepared;
}

async function giveUp(client: pg.PoolClient): Promise<void> {
  await client.query('ROLLBACK').then(
    () => client.release(),
    () => client.release(true),
  );
}
