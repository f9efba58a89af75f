import pg from 'pg';
import type { BodyStore, ExpiredColumns, StoredColumn } from './body-store.js';
import { CopiedRows } from './copied-rows.js';
import { copyRows } from './copy-rows.js';
import { onOneClient, type Queryable } from './database.js';
import type { FieldName } from './fields.js';
import type { Position } from './ids.js';
import { layEndToEnd } from './lay-end-to-end.js';
import { eachOnce, Together } from './together.js';

/** Bounds memory: a sealed column of a large snapshot has megabytes. */
const columnsAPage = 200;
/** Larger ones are read alone: nobody waits for the screens that another reads, and a group has four megabytes at most. */
export const mostBytesTogether = 16 * 1024;

interface ColumnAsked {
  readonly position: Position;
  readonly field: FieldName;
}

/**
 * The columns behind one of them, by position and field. `position >=` says nothing new, but partitions are not pruned
 * by the comparison of rows.
 */
export const scanStatement = (after: { position: number; field: string }, to: number, most: number): string =>
  `SELECT position, field, sealed FROM log.body
   WHERE (position, field) > (${after.position}, ${pg.escapeLiteral(after.field)})
     AND position >= ${after.position} AND position < ${to} ORDER BY position, field LIMIT ${most}`;

/** Of `scanStatement`; `sealed` lies in the memory of the rows. */
function copiedColumns(bytes: Uint8Array): StoredColumn[] {
  const rows = new CopiedRows(bytes, 3);
  const columns: StoredColumn[] = [];
  while (rows.next()) {
    const [position, field] = [rows.bigint(0) as Position, rows.text(1) as FieldName];
    columns.push({ position, field, sealed: rows.slice(2) });
  }
  return columns;
}

/** Sealed columns as rows of `log.body`, committed together with their entries (docs/decisions/0006). */
export class PostgresBodyStore implements BodyStore {
  /** Partitions are there for the positions below. */
  private roomBelow = 0;
  /** One under way and one behind it: the server has always something to do. */
  private readonly small = new Together((asked: readonly ColumnAsked[]) => this.smallColumns(asked), 2);

  constructor(private readonly db: Queryable) {}

  /** Sends its statements at once, so that they stand before whatever the caller sends next. */
  async put(transaction: pg.ClientBase, columns: readonly StoredColumn[]): Promise<void> {
    if (columns.length === 0) return;
    const room = this.makeRoom(transaction, Math.max(...columns.map(({ position }) => position)));
    const bodies = layEndToEnd(columns.map(({ sealed }) => sealed));
    const inserted = transaction.query({
      name: 'insert-bodies',
      text: `INSERT INTO log.body (position, field, sealed)
             SELECT position, field, substring($1::bytea FROM start FOR bytes)
             FROM unnest($2::bigint[], $3::text[], $4::int[], $5::int[]) AS b(position, field, start, bytes)`,
      values: [
        bodies.bytes,
        columns.map(({ position }) => position),
        columns.map(({ field }) => field),
        bodies.starts,
        bodies.lengths,
      ],
    });
    await Promise.all([room, inserted]);
  }

  /**
   * Asks for partitions once in as many entries as one holds. What is remembered was there before this transaction:
   * a rollback takes away nothing that a later append counts on.
   */
  private async makeRoom(transaction: pg.ClientBase, last: number): Promise<void> {
    if (last < this.roomBelow) return;
    const { rows } = await transaction.query<{ end: number }>('SELECT log.make_room_for_bodies($1) AS end', [last]);
    this.roomBelow = rows[0]?.end ?? 0;
  }

  async column(position: Position, field: FieldName): Promise<Uint8Array | undefined> {
    const small = await this.small.of({ position, field });
    if (small !== undefined) return small;
    const { rows } = await this.db.query<{ sealed: Buffer }>({
      name: 'column',
      text: 'SELECT sealed FROM log.body WHERE position = $1 AND field = $2',
      values: [position, field],
    });
    return rows[0]?.sealed;
  }

  /**
   * `ANY` says nothing new, but prunes partitions when the statement is planned: where there are many of them the server plans it
   * for these positions each time, since the plan for any would cost more.
   */
  private async smallColumns(asked: readonly ColumnAsked[]): Promise<(Uint8Array | undefined)[]> {
    const { once, placeOf } = eachOnce(asked, ({ position, field }) => `${position}/${field}`);
    const { rows } = await this.db.query<{ place: number; sealed: Buffer }>({
      name: 'columns',
      text: `SELECT place::int - 1 AS place, sealed
             FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS asked(position, field, place)
             CROSS JOIN LATERAL (
               SELECT sealed FROM log.body b
               WHERE b.position = ANY($1) AND b.position = asked.position AND b.field = asked.field
                 AND octet_length(b.sealed) <= $3 LIMIT 1
             ) AS found`,
      values: [once.map(({ position }) => position), once.map(({ field }) => field), mostBytesTogether],
    });
    const found = new Map(rows.map(({ place, sealed }) => [place, sealed]));
    return placeOf.map((place) => found.get(place));
  }

  async *scan(from: number, to: number, most = columnsAPage): AsyncGenerator<readonly StoredColumn[]> {
    let after = { position: from, field: '' };
    for (;;) {
      const sql = scanStatement(after, to, most);
      const page = copiedColumns(await onOneClient(this.db, (client) => copyRows(client, sql)));
      if (page.length > 0) yield page;
      const end = page.at(-1);
      if (end === undefined || page.length < most) return;
      after = end;
    }
  }

  async holds(field: FieldName, from: number, to: number): Promise<boolean> {
    const { rows } = await this.db.query<{ held: boolean }>(
      `SELECT EXISTS (SELECT FROM log.body WHERE position >= $1 AND position < $2 AND field = $3) AS held`,
      [from, to, field],
    );
    return rows[0]?.held === true;
  }

  /** Needs the keyholder's role: the service's may not. */
  async deleteExpired({ field, before, position }: ExpiredColumns): Promise<{ deleted: number; done: boolean }> {
    const { rows } = await this.db.query<{ deleted: number; done: boolean }>(
      'SELECT deleted, done FROM log.delete_expired_bodies($1, $2, $3)',
      [position, field, before],
    );
    const { deleted = 0, done = true } = rows[0] ?? {};
    if (done) await this.db.query('SELECT log.drop_empty_body_partitions()');
    return { deleted, done };
  }
}
