import type pg from 'pg';
import type { AppendedLeaves } from '../merkle/appended-leaves.js';
import { encodeFrontier } from '../merkle/frontier.js';
import { completedTiles, tileHeight } from '../merkle/tile.js';
import type { StoredColumn } from './body-store.js';
import type { WriteCommand } from './draft.js';
import { governs } from './entries.js';
import { layEndToEnd } from './lay-end-to-end.js';
import type { PlacedEntry } from './place-entry.js';

/** A decided group: what one transaction writes. */
export interface Group {
  /** Size of the log before, and its checkpoint. */
  readonly from: number;
  readonly before: string;
  readonly at: number;
  readonly placed: readonly PlacedEntry[];
  /** The tree with the group's leaves. */
  readonly tree: AppendedLeaves;
  readonly checkpoint: string;
  readonly answers: readonly { command: WriteCommand; first: number; count: number; answer: unknown }[];
}

/**
 * Everything of a group but its bodies, in one call; gives the time by the database's clock. Bytes of all entries are laid end to end in one binary
 * parameter: pg sends an array of buffers as hex text, twice the bytes.
 */
export function insertGroup(client: pg.ClientBase, group: Group): Promise<pg.QueryResult<{ now: number }>> {
  const { from, before, at, placed, tree, checkpoint, answers } = group;
  const headers = layEndToEnd(placed.map(({ header }) => header));
  const tiles = completedTiles(from, tree.frontier.size);
  return client.query({
    name: 'append-group',
    text: `SELECT log.append_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                                   $20, $21, $22, $23, $24) AS now`,
    values: [
      from,
      before,
      tree.frontier.size,
      at,
      Buffer.from(encodeFrontier(tree.frontier)),
      checkpoint,
      Buffer.concat(placed.map(({ leaf }) => leaf)),
      headers.bytes,
      integers(headers.starts),
      integers(headers.lengths),
      placed.map(({ entry }) => entry.stream),
      integers(placed.map(({ entry }) => entry.version)),
      placed.map(({ entry }) => entry.type),
      placed.map(({ entry }) => entry.subject ?? null),
      `{${placed.map(({ entry }) => governs[entry.type]).join()}}`,
      answers.map(({ command }) => command.actor),
      answers.map(({ command }) => command.id),
      Buffer.concat(answers.map(({ command }) => command.digest)),
      integers(answers.map(({ first }) => first)),
      integers(answers.map(({ count }) => count)),
      answers.map(({ answer }) => JSON.stringify(answer)),
      integers(tiles.map(({ level }) => level)),
      integers(tiles.map(({ index }) => index)),
      Buffer.concat(tiles.map(({ level, index }) => tree.completedRoot((level + 1) * tileHeight, index))),
    ],
  });
}

/** The sealed columns of a group, in the order of its entries. */
export const columnsOf = ({ placed }: Group): StoredColumn[] =>
  placed.flatMap(({ entry: { position }, draft }) => (draft.columns ?? []).map((column) => ({ position, ...column })));

/** PostgreSQL's text form of an array, without pg's quoting of each element. */
const integers = (values: readonly number[]): string => `{${values.join()}}`;
