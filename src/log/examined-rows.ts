import type pg from 'pg';
import type { NoteVerifier } from '../merkle/note.js';
import { copyRows } from './copy-rows.js';
import { claimed, type EntryRow, type StoredTile } from './entry-places.js';
import type { PageToExamine } from './examine-page.js';
import { copiedCommands, type CommandRow } from './verify-commands.js';
import { entryColumns, pageQueries, signedRoot } from './verify-page.js';

interface Place {
  readonly from: number;
  readonly to: number;
  readonly whole: boolean;
}

export interface RowsToExamine extends Omit<PageToExamine, 'frontier'> {
  /** Undefined where they are not to be looked at. */
  readonly commands: readonly CommandRow[] | undefined;
}

/** Reads a page in which something is wrong once more, row by row, and what stands elsewhere and belongs into it. */
export async function readToExamine(
  client: pg.ClientBase,
  { from, to, whole }: Place,
  { origin, verifiers }: { origin: string; verifiers: readonly NoteVerifier[] },
): Promise<RowsToExamine> {
  const { rows } = await client.query<EntryRow>(pageQueries.entries(from, to));
  const away = rows.map(claimed).filter((position) => position !== undefined && (position < from || position >= to));
  const { rows: elsewhere } = await client.query<EntryRow>(
    `SELECT ${entryColumns} FROM log.entry WHERE position = ANY($1)`,
    [away.slice(0, mostElsewhere)],
  );
  if (!whole)
    return { from, to, rows: [...rows, ...elsewhere], tiles: undefined, checkpoints: [], commands: undefined };
  const { rows: tiles } = await client.query<StoredTile>(pageQueries.tiles(from, to));
  const { rows: notes } = await client.query<{ size: number; note: string }>(pageQueries.checkpoints(from, to));
  const commands = await copyRows(client, pageQueries.commands(from, to));
  return {
    from,
    to,
    rows: [...rows, ...elsewhere],
    commands: [...copiedCommands(commands)],
    tiles: byIndex(tiles),
    checkpoints: notes.map(({ size, note }) => ({ size, signed: signedRoot(note, size, origin, verifiers) })),
  };
}

function byIndex(tiles: readonly StoredTile[]): ReadonlyMap<number, StoredTile> {
  const found = new Map<number, StoredTile>();
  for (const tile of tiles) found.set(tile.index, found.has(tile.index) ? { ...tile, isTwice: true } : tile);
  return found;
}

/** Where more than these are out of place, the log is broken beyond a list. */
const mostElsewhere = 100;
