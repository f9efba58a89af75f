import { createHash } from 'node:crypto';
import type { BodyStore } from './body-store.js';
import type { ClaimedExpiries } from './claimed-expiries.js';
import type { Entry } from './header.js';
import type { Check } from './checks.js';

/**
 * Compares the sealed columns of a page of entries with the hashes in their headers. One that is missing is missing
 * rightly exactly if the log has given it up. Returns how many it hashed.
 */
export async function verifyBodies(
  bodies: BodyStore,
  from: number,
  to: number,
  entries: readonly Entry[],
  expiries: ClaimedExpiries,
  report: (position: number, check: Check) => void,
): Promise<number> {
  const listed = new Map(
    entries.flatMap(({ position, at, columns }) =>
      columns.map((column) => [`${position} ${column.field}`, { position, at, ...column }]),
    ),
  );
  const readable = new Set(entries.map(({ position }) => position as number));
  let hashed = 0;
  for await (const page of bodies.scan(from, to)) {
    hashed += page.length;
    for (const { position, field, sealed } of page) {
      const column = listed.get(`${position} ${field}`);
      listed.delete(`${position} ${field}`);
      // A header that cannot be trusted was reported already; its bodies have nothing to be compared with.
      if (column === undefined && readable.has(position)) report(position, 'body_unlisted');
      if (column !== undefined && !createHash('sha256').update(sealed).digest().equals(column.sha256)) {
        report(position, 'body_changed');
      }
      if (column !== undefined && expiries.mustBeGone(column.field, column.at)) report(position, 'body_expired');
    }
  }
  const missing = [...listed.values()];
  const unexplained = () => missing.filter(({ field, at }) => !expiries.mayBeGone(field, at));
  if (unexplained().length > 0) await expiries.read();
  for (const { position } of unexplained()) report(position, 'body_missing');
  return hashed;
}
