import type pg from 'pg';
import { hashBytes } from '../merkle/hash.js';
import type { Findings } from './checks.js';
import { isNamed, type KeptAnswer } from './command-hash.js';
import type { CopiedRows } from './copied-rows.js';

/** A row of `log.command`. */
export interface CommandRow extends KeptAnswer {
  readonly first: number;
}

export const commandRows = (from: number, to: number): string =>
  `SELECT first, count, actor, command, digest, answer::text AS answer FROM log.command
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
   * Every header that names a command has exactly its row, and every row its header. One that is gone would let its
   * command be carried out a second time; one that is changed would be refused when its command comes again.
   * Returns how many it compared.
   */
  compare(rows: Iterable<CommandRow>, report: Findings['report']): number {
    const { said, from } = this;
    const seen = new Uint8Array(said.length);
    let compared = 0;
    for (const row of rows) {
      const offset = row.first - from;
      if (said[offset] === says.nothing) continue;
      compared += 1;
      const hash = this.hashes.subarray(offset * hashBytes, (offset + 1) * hashBytes);
      const right = said[offset] === says.one && seen[offset] === 0 && isNamed(row, hash);
      if (!right) report(row.first, 'command_differs');
      seen[offset] = 1;
    }
    for (const [offset, one] of said.entries()) {
      if (one === says.one && seen[offset] === 0) report(from + offset, 'command_missing');
    }
    return compared;
  }
}

const says = { nothing: 0, none: 1, one: 2 } as const;

export function* copiedCommands(rows: CopiedRows): Generator<CommandRow> {
  while (rows.next()) {
    yield {
      first: rows.bigint(0),
      count: rows.integer(1),
      actor: rows.text(2),
      command: rows.text(3),
      digest: rows.slice(4),
      answer: JSON.parse(rows.text(5)),
    };
  }
}

/** Each row may be right by itself, and a command still have been carried out twice: its first row was away then. */
export async function verifyOnce(client: pg.ClientBase, since: number, { report }: Findings): Promise<void> {
  const { rows } = await client.query<{ first: number }>(
    `SELECT c.first FROM log.command c WHERE c.first >= $1 AND EXISTS (
       SELECT FROM log.command d WHERE d.actor = c.actor AND d.command = c.command AND d.first < c.first
     ) ORDER BY c.first LIMIT 100`,
    [since],
  );
  for (const { first } of rows) report(first, 'command_repeated');
}
