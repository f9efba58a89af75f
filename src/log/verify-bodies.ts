import { createHash } from 'node:crypto';
import type { BodyStore } from './body-store.js';
import type { Entry } from './header.js';
import type { Check } from './checks.js';

/** Compares the sealed columns of a page of entries with the hashes in their headers. Returns how many it hashed. */
export async function verifyBodies(
  bodies: BodyStore,
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
    }
  }
  for (const { position } of listed.values()) report(position, 'body_missing');
  return hashed;
}
