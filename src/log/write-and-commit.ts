import pg from 'pg';
import { Problem } from '../problem.js';
import type { BodyStore } from './body-store.js';
import { isAway } from './database.js';
import { columnsOf, insertGroup, type Group } from './insert-group.js';

export type Ending =
  /** Durable. `now` is the time by the database's clock. */
  | { readonly kind: 'committed'; readonly now: number }
  /** Nothing of it is durable, and nothing ever will be. */
  | { readonly kind: 'refused'; readonly error: unknown; readonly connection: 'fine' | 'broken' }
  /** COMMIT was sent, and no answer to it came. `server` is the number of the server process it went to. */
  | { readonly kind: 'unknown'; readonly server: number };

/**
 * Writes a group in the transaction that is open, or was sent to be, and ends it. Resolves when everything was sent:
 * from then on the connection may be given something else to do. Neither promise is ever rejected.
 */
export async function writeAndCommit(
  client: pg.ClientBase,
  bodies: BodyStore,
  group: Group,
): Promise<{ readonly ended: Promise<Ending> }> {
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
      return { ended: Promise.resolve({ kind: 'refused', error, connection }) };
    }
  }
  // Sent behind the insert without waiting for it: if that fails, the server turns this COMMIT into a ROLLBACK.
  return { ended: endingOf(inserting, client.query('COMMIT'), serverProcess(client)) };
}

async function endingOf(
  inserting: ReturnType<typeof insertGroup>,
  committing: Promise<pg.QueryResult>,
  server: number,
): Promise<Ending> {
  const [inserted, committed] = await Promise.allSettled([inserting, committing]);
  if (inserted.status === 'rejected' && abortsTheTransaction(inserted.reason)) {
    const connection = committed.status === 'fulfilled' ? 'fine' : 'broken';
    return { kind: 'refused', error: inserted.reason, connection };
  }
  const isCommitted = committed.status === 'fulfilled' && committed.value.command === 'COMMIT';
  const now = inserted.status === 'fulfilled' ? inserted.value.rows[0]?.now : undefined;
  return isCommitted && now !== undefined ? { kind: 'committed', now } : { kind: 'unknown', server };
}

/** Every server says its number when a connection is made; @types/pg does not know it. */
const serverProcess = (client: pg.ClientBase) => (client as unknown as { processID: number }).processID;

/** The server itself says that a statement failed and that the connection goes on. Anything else may be a lost answer. */
function abortsTheTransaction(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/** The database cannot hold what one command of the group writes. Nothing was written of any of them. */
export class Unstorable extends Error {
  override readonly name = 'Unstorable';
}

/** The head is not where the group was decided, or not at that time, or something of it is there already. */
export function contradictsTheHead(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(CU001|CU004|23505)$/.test(error.code ?? '');
}

/**
 * What a caller is told. PostgreSQL's own message and detail may hold values of a row: neither leaves this file.
 * `size` is that of the log as it was taken.
 */
export function asProblem(error: unknown, size: number): unknown {
  if (error instanceof Problem) return error;
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  // A row at a position that the head has not handed out yet, or a head that disagrees with the entries.
  if (code === '23505' || code === 'CU001' || code === 'CU002') return new Problem('log_corrupt', { position: size });
  // Data exceptions, and rows that fit no index: whose fault it is shows when each command is tried alone.
  if (code?.startsWith('22') || code?.startsWith('54')) return new Unstorable('the database cannot hold an entry');
  if (code !== undefined || isAway(error)) return new Problem('log_unavailable');
  return error;
}
