import pg from 'pg';
import { Problem } from '../problem.js';
import { prepareGroup, type AppenderParts, type Prepared } from './append-transaction.js';
import type { BodyStore } from './body-store.js';
import type { Pending } from './decide-group.js';
import { columnsOf, insertGroup, type Group } from './insert-group.js';
import { settleCommit } from './settle-commit.js';

/** The database cannot hold what one command of the group writes. Nothing was written of any of them. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}

/**
 * One transaction, from BEGIN to an answer without doubt, in two flights to the server: with the first the head is
 * taken, the second writes and commits (docs/decisions/0011).
 * @throws Problem log_unavailable, log_corrupt, Unstorable: nothing was written. Problem outcome_unknown: who knows.
 */
export async function commitGroup(pool: pg.Pool, parts: AppenderParts, group: readonly Pending[]): Promise<Prepared> {
  const { size } = parts.replay.current;
  const client = await pool.connect().catch(() => {
    throw new Problem('log_unavailable');
  });
  const prepared = await prepareGroup(client, parts, group).catch(async (error: unknown) => {
    // Nothing is durable.
    await giveUp(client);
    throw asProblem(error, size);
  });
  // Nothing is durable, and the head is held. If we stop here, the server frees it after ten seconds at most.
  const { writes } = prepared;
  if (writes === undefined) {
    await giveUp(client);
    return prepared;
  }
  const ending = await writeAndCommit(client, parts.bodies, writes.group);
  client.release(ending.kind !== 'committed' && ending.connection === 'broken');
  if (ending.kind === 'refused') throw asProblem(ending.error, size);
  if (ending.kind === 'unknown') await settleCommit(pool, writes.next);
  // Durable. If we stop here the callers do not know it: they send the command again and get this answer.
  parts.replay.adopt(writes.next);
  parts.versions.adopt(writes.next.size, writes.versions);
  return prepared;
}

type Ending =
  | { readonly kind: 'committed' }
  /** Nothing of it is durable, and nothing ever will be. */
  | { readonly kind: 'refused'; readonly error: unknown; readonly connection: 'fine' | 'broken' }
  /** COMMIT was sent, and no answer to it came. */
  | { readonly kind: 'unknown'; readonly connection: 'broken' };

/** Never throws: whatever happens is one of three endings. */
async function writeAndCommit(client: pg.PoolClient, bodies: BodyStore, group: Group): Promise<Ending> {
  const columns = columnsOf(group);
  const inserting = insertGroup(client, group);
  if (columns.length > 0) {
    try {
      // A store outside of PostgreSQL must have the columns before the entries can be seen.
      await Promise.all([inserting, bodies.put(client, columns)]);
    } catch (error) {
      // Nothing is durable: COMMIT was not sent. Columns in another store belong to no entry and harm nobody.
      const connection = await client.query('ROLLBACK').then(
        () => 'fine' as const,
        () => 'broken' as const,
      );
      return { kind: 'refused', error, connection };
    }
  }
  // Sent behind the insert without waiting for it: if that fails, the server turns this COMMIT into a ROLLBACK.
  const [inserted, committed] = await Promise.allSettled([inserting, client.query('COMMIT')]);
  if (inserted.status === 'rejected' && abortsTheTransaction(inserted.reason)) {
    return {
      kind: 'refused',
      error: inserted.reason,
      connection: committed.status === 'fulfilled' ? 'fine' : 'broken',
    };
  }
  const isCommitted = committed.status === 'fulfilled' && committed.value.command === 'COMMIT';
  return isCommitted ? { kind: 'committed' } : { kind: 'unknown', connection: 'broken' };
}

async function giveUp(client: pg.PoolClient): Promise<void> {
  await client.query('ROLLBACK').then(
    () => client.release(),
    () => client.release(true),
  );
}

/** The server itself says that a statement failed and that the connection goes on. Anything else may be a lost answer. */
function abortsTheTransaction(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/** PostgreSQL's own message and detail may hold values of a row: neither leaves this file. */
function asProblem(error: unknown, size: number): unknown {
  if (error instanceof Problem) return error;
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  // A row at a position that the head has not handed out yet, or a head that disagrees with the entries.
  if (code === '23505' || code === 'CU001' || code === 'CU002') return new Problem('log_corrupt', { position: size });
  // Data exceptions, and rows that fit no index: whose fault it is shows when each command is tried alone.
  if (code?.startsWith('22') || code?.startsWith('54')) return new Unstorable('the database cannot hold an entry');
  if (code !== undefined || isLostConnection(error)) return new Problem('log_unavailable');
  return error;
}

/** pg has no class for these: the socket's errors have a code, its own have a message. */
function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return typeof (error as { code?: unknown }).code === 'string' || /connection|timeout/i.test(error.message);
}
