import type pg from 'pg';
import { nodeHash } from '../merkle/hash.js';
import { completedTiles, tileWidth } from '../merkle/tile.js';
import type { BodyStore } from './body-store.js';
import type { Draft, WriteCommand } from './draft.js';
import { governs } from './entries.js';
import type { Entry } from './header.js';
import { layEndToEnd } from './lay-end-to-end.js';

/** An entry in its place, with the header that is hashed. */
export interface PlacedEntry {
  readonly entry: Entry;
  readonly header: Uint8Array;
  readonly leaf: Uint8Array;
  readonly draft: Draft;
}

export interface Group {
  /** Sizes of the log before and after. */
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly placed: readonly PlacedEntry[];
  readonly frontier: Uint8Array;
  readonly checkpoint: string;
  readonly answers: readonly { command: WriteCommand; first: number; count: number; answer: unknown }[];
}

/** Writes a decided group. Nothing is durable before the caller's COMMIT; a throw leaves nothing behind. */
export async function insertGroup(client: pg.ClientBase, bodies: BodyStore, group: Group): Promise<void> {
  await insertEntries(client, group);
  await bodies.put(client, group.placed.flatMap(columnsOf));
  await insertAnswers(client, group);
  await insertTiles(client, group);
  await client.query({
    name: 'advance-head',
    text: 'SELECT log.advance_head($1, $2, $3, $4, $5)',
    values: [group.from, group.to, group.at, Buffer.from(group.frontier), group.checkpoint],
  });
}

const columnsOf = ({ entry: { position }, draft }: PlacedEntry) =>
  (draft.columns ?? []).map((column) => ({ position, ...column }));

/** One statement and one binary parameter for all headers. */
async function insertEntries(client: pg.ClientBase, { placed, at }: Group): Promise<void> {
  const headers = layEndToEnd(placed.map(({ header }) => header));
  await client.query({
    name: 'insert-entries',
    text: `INSERT INTO log.entry (position, stream, version, type, at, subject, governs, leaf, header)
           SELECT position, stream, version, type, $1, subject, governs,
                  substring($2::bytea FROM (row - 1) * 32 + 1 FOR 32), substring($3::bytea FROM start FOR bytes)
           FROM unnest($4::bigint[], $5::text[], $6::int[], $7::text[], $8::text[], $9::bool[], $10::int[], $11::int[],
                       $12::int[]) AS e(position, stream, version, type, subject, governs, start, bytes, row)`,
    values: [
      at,
      Buffer.concat(placed.map(({ leaf }) => leaf)),
      headers.bytes,
      placed.map(({ entry }) => entry.position),
      placed.map(({ entry }) => entry.stream),
      placed.map(({ entry }) => entry.version),
      placed.map(({ entry }) => entry.type),
      placed.map(({ entry }) => entry.subject ?? null),
      placed.map(({ entry }) => governs[entry.type]),
      headers.starts,
      headers.lengths,
      placed.map((_, index) => index + 1),
    ],
  });
}

async function insertAnswers(client: pg.ClientBase, { answers }: Group): Promise<void> {
  if (answers.length === 0) return;
  await client.query({
    name: 'insert-answers',
    text: `INSERT INTO log.command (actor, command, digest, first, count, answer)
           SELECT actor, command, substring($1::bytea FROM (row - 1) * 32 + 1 FOR 32), first, count, answer::jsonb
           FROM unnest($2::text[], $3::text[], $4::bigint[], $5::int[], $6::text[], $7::int[])
                AS c(actor, command, first, count, answer, row)`,
    values: [
      Buffer.concat(answers.map(({ command }) => command.digest)),
      answers.map(({ command }) => command.actor),
      answers.map(({ command }) => command.id),
      answers.map(({ first }) => first),
      answers.map(({ count }) => count),
      answers.map(({ answer }) => JSON.stringify(answer)),
      answers.map((_, index) => index + 1),
    ],
  });
}

/** Tiles that this group completes, lowest level first: each level is made of the roots of the one below. */
async function insertTiles(client: pg.ClientBase, { from, to }: Group): Promise<void> {
  for (const { level, index } of completedTiles(from, to)) {
    const first = index * tileWidth;
    const { rows } =
      level === 0
        ? await client.query<{ hash: Buffer }>(
            'SELECT leaf AS hash FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position',
            [first, first + tileWidth],
          )
        : await client.query<{ hash: Buffer }>(
            'SELECT root AS hash FROM log.tile WHERE level = $3 AND index >= $1 AND index < $2 ORDER BY index',
            [first, first + tileWidth, level - 1],
          );
    const hashes = rows.map(({ hash }) => hash);
    await client.query('INSERT INTO log.tile (level, index, hashes, root) VALUES ($1, $2, $3, $4)', [
      level,
      index,
      Buffer.concat(hashes),
      perfectRoot(hashes),
    ]);
  }
}

/** Root of a perfect subtree, from a power of two of hashes. */
export function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, index) =>
      nodeHash(row[index * 2] as Uint8Array, row[index * 2 + 1] as Uint8Array),
    );
  }
  return row[0] as Uint8Array;
}
