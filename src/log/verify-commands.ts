import type pg from 'pg';
import { digestInto, hashBytes } from '../merkle/hash.js';
import { askBy } from './by-table-or-index.js';
import type { Findings } from './checks.js';
import { commandDomain, namedBy } from './command-hash.js';
import { CopiedRows } from './copied-rows.js';
import { sameBytes } from './name-table.js';

/** A row of `log.command`: the position of its first entry, and what a header names of it, framed as it is hashed. */
export interface CommandRow {
  readonly first: number;
  readonly kept: Uint8Array;
}

/** The parts of `commandHash`, in their order, so that each row holds the bytes to be hashed (`command-hash.ts`). */
export const commandRows = (from: number, to: number): string =>
  `SELECT first, '${commandDomain}'::text AS domain, actor, command, digest, count, answer FROM log.command
   WHERE first >= ${from} AND first < ${to} ORDER BY first`;

/** What the headers of a page say: a hash, that none is named, or nothing that can be relied on. */
export class NamedCommands {
  private readonly said: Uint8Array;
  private readonly hashes: Uint8Array;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {
    this.said = new Uint8Array(to - from);
    this.hashes = new Uint8Array((to - from) * hashBytes);
  }

  /** Not called for an entry that is unknown, or of the first version: no answer is given from what that one wrote. */
  add(position: number, hash: Uint8Array | undefined): void {
    this.said[position - this.from] = hash === undefined ? says.none : says.one;
    if (hash !== undefined) this.hashes.set(hash, (position - this.from) * hashBytes);
  }

  /**
   * Every header that names commands has exactly their rows, and every row its header. One that is gone would let its
   * command be carried out a second time; one that is changed would be refused when its command comes again.
   * Returns how many it compared.
   */
  compare(rows: Iterable<CommandRow>, report: Findings['report']): number {
    const { said, hashes, from } = this;
    const seen = new Uint8Array(said.length);
    let compared = 0;
    for (const { first, kept } of writtenTogether(rows)) {
      const offset = first - from;
      if (said[offset] === says.nothing) continue;
      compared += kept.length;
      const same = sameBytes(hashes, offset * hashBytes, namedBy(kept), 0, hashBytes);
      if (said[offset] !== says.one || !same) report(first, 'command_differs');
      seen[offset] = 1;
    }
    for (const [offset, one] of said.entries()) {
      if (one === says.one && seen[offset] === 0) report(from + offset, 'command_missing');
    }
    return compared;
  }
}

/** Rows in the order of `first`, by that: the hash of each. */
function* writtenTogether(
  rows: Iterable<CommandRow>,
): Generator<{ readonly first: number; readonly kept: Uint8Array[] }> {
  let together: { readonly first: number; readonly kept: Uint8Array[] } | undefined;
  for (const { first, kept } of rows) {
    const hash = new Uint8Array(hashBytes);
    digestInto(hash, 0, kept);
    if (together?.first === first) together.kept.push(hash);
    else {
      if (together !== undefined) yield together;
      together = { first, kept: [hash] };
    }
  }
  if (together !== undefined) yield together;
}

const says = { nothing: 0, none: 1, one: 2 } as const;

/** Of rows that were copied by `commandRows`. */
export function* copiedCommands(copied: Uint8Array): Generator<CommandRow> {
  const rows = new CopiedRows(copied, 7);
  while (rows.next()) yield { first: rows.bigint(0), kept: rows.framed(1, 6) };
}

/**
 * Each row may be right by itself, and a command still have been carried out twice: its first row was away then. Asked
 * without an index, of which whoever rules the database can make one that knows of one row alone.
 */
export async function verifyOnce(client: pg.ClientBase, since: number, { report }: Findings): Promise<void> {
  const rows = await askBy<{ first: number }>(
    client,
    'table',
    // By expressions besides: PostgreSQL believes an index that says it is unique, and plans the question away (18).
    `WITH twice AS (
       SELECT actor || '' AS actor, command || '' AS command, min(first) AS earliest FROM log.command
       GROUP BY 1, 2 HAVING count(*) > 1
     )
     SELECT c.first FROM twice JOIN log.command c ON c.actor || '' = twice.actor AND c.command || '' = twice.command
     WHERE c.first > twice.earliest AND c.first >= $1 ORDER BY c.first LIMIT 100`,
    [since],
  );
  for (const { first } of rows) report(first, 'command_repeated');
}
