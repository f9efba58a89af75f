import { createHash } from 'node:crypto';
import type { Queryable } from './database.js';
import type { Entry } from './header.js';
import type { Check } from './checks.js';

const columnsAtOnce = 200;

/** Compares the sealed columns of a page of entries with the hashes in their headers. Returns how many it hashed. */
export async function verifyBodies(
  db: Queryable,
  from: number,
  to: number,
  entries: readonly Entry[],
  report: (position: number, check: Check) => void,
): Promise<number> {
  const listed = new Map(
    entries.flatMap(({ position, columns }) =>
      columns.map((column) => [`${position} ${column.field}`, { position, ...column }]),
    ),
  );
  const readable = new Set(entries.map(({ position }) => position as number));
  let hashed = 0;
  let last: [number, string] = [from, ''];
  for (;;) {
    const { rows } = await db.query<{ position: number; field: string; sealed: Buffer }>(
      `SELECT position, field, sealed FROM log.body WHERE (position, field) > ($1, $2) AND position < $3
       ORDER BY position, field LIMIT $4`,
      [...last, to, columnsAtOnce],
    );
    for (const { position, field, sealed } of rows) {
      hashed += 1;
      const column = listed.get(`${position} ${field}`);
      listed.delete(`${position} ${field}`);
      // A header that cannot be trusted was reported already; its bodies have nothing to be compared with.
      if (column === undefined && readable.has(position)) report(position, 'body_unlisted');
      if (column !== undefined && !createHash('sha256').update(sealed).digest().equals(column.sha256)) {
        report(position, 'body_changed');
      }
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < columnsAtOnce) break;
    last = [end.position, end.field];
  }
  for (const { position } of listed.values()) report(position, 'body_missing');
  return hashed;
}
