import type { Queryable } from './database.js';
import type { FieldName } from './fields.js';
import { decodeHeader, type Entry } from './header.js';

/** All `columns.expired`, so that they are found without reading the log. */
export const retentionStream = 'retention';
/** Deleting what an entry gave up takes a while, and a keyholder that is down makes it longer. */
const deletedWithinMs = 3_600_000;

type Before = Map<FieldName, number>;

/**
 * What the log's entries say is gone, taken as they stand. Verification needs it from the first bodies on, and the
 * entry that gives them up comes later. That entry is verified in its own turn, and a wrong one is reported there: in a
 * log that passes, believing it here has hidden nothing.
 */
export class ClaimedExpiries {
  private readonly all: Before = new Map();
  private readonly longSince: Before = new Map();

  constructor(private readonly db: Queryable) {}

  /** Again, where something is missing: a sweep may be at work meanwhile. */
  async read(): Promise<void> {
    const { rows } = await this.db.query<{ header: Buffer }>(
      'SELECT header FROM log.entry WHERE stream = $1 AND position < (SELECT size FROM log.head) ORDER BY version',
      [retentionStream],
    );
    for (const { header } of rows) this.add(decoded(header));
  }

  /** Whether a column may be missing. `at` is the time of its own entry. */
  mayBeGone(field: FieldName, at: number): boolean {
    return at < (this.all.get(field) ?? 0);
  }

  /** Whether it should be missing by now. */
  mustBeGone(field: FieldName, at: number): boolean {
    return at < (this.longSince.get(field) ?? 0);
  }

  private add(entry: Entry | undefined): void {
    if (entry?.type !== 'columns.expired') return;
    const { field, before } = entry.data;
    raise(this.all, field, before);
    if (entry.at < Date.now() - deletedWithinMs) raise(this.longSince, field, before);
  }
}

const raise = (to: Before, field: FieldName, before: number) => to.set(field, Math.max(before, to.get(field) ?? 0));

/** One that cannot be read is reported where its position is verified. */
function decoded(header: Uint8Array): Entry | undefined {
  try {
    return decodeHeader(header);
  } catch {
    return undefined;
  }
}
