import type pg from 'pg';
import { encodeFrontier, frontierRoot, type Frontier } from '../merkle/frontier.js';
import type { NoteVerifier } from '../merkle/note.js';
import { tileWidth } from '../merkle/tile.js';
import type { KeptCheckpoint } from './checkpoint-keeper.js';
import type { Findings } from './checks.js';
import { LogReader } from './log-reader.js';
import { LogTree } from './log-tree.js';
import { continues } from './nothing-lost.js';
import { signedRoot } from './verify-page.js';

/** How far the log goes, by whom. Read in one snapshot, believed only where it is signed. */
export interface Extent {
  readonly head: { readonly size: number; readonly at: number; readonly frontier: Buffer; readonly checkpoint: string };
  /** The largest size of a checkpoint that the log signed and that is stored, here or in the head. */
  readonly signed: number;
  /** Entries that there are to verify: rows may end before that. */
  readonly rows: number;
  /** Size of the checkpoint from which on all is verified; 0 for the whole log. */
  readonly since: number;
  /** Outside the database, by whomever. */
  readonly remembered: readonly KeptCheckpoint[];
}

interface Asked {
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  readonly remembered?: KeptCheckpoint | undefined;
  readonly held?: readonly KeptCheckpoint[] | undefined;
  readonly since?: number | undefined;
}

export async function readExtent(client: pg.ClientBase, asked: Asked): Promise<Extent> {
  const { origin, verifiers, since } = asked;
  const remembered = [...(asked.remembered === undefined ? [] : [asked.remembered]), ...(asked.held ?? [])];
  const { rows: heads } = await client.query<Extent['head']>('SELECT size, at, frontier, checkpoint FROM log.head');
  const head = heads[0] ?? { size: 0, at: 0, frontier: Buffer.alloc(8), checkpoint: '' };
  const isSigned = (size: number, note: string) => signedRoot(note, size, origin, verifiers) !== undefined;
  const { rows: last } = await client.query<{ size: number; note: string }>(
    'SELECT size, note FROM log.checkpoint ORDER BY size DESC LIMIT 10',
  );
  const stored = last.find(({ size, note }) => isSigned(size, note))?.size ?? 0;
  const signed = Math.max(stored, isSigned(head.size, head.checkpoint) ? head.size : 0);
  const { rows: ends } = await client.query<{ position: number }>(
    'SELECT position FROM log.entry WHERE position < $1 ORDER BY position DESC LIMIT 1',
    [signed],
  );
  const { rows: trusted } = await client.query<{ size: number }>(
    'SELECT size FROM log.checkpoint WHERE size <= $1 ORDER BY size DESC LIMIT 1',
    [since ?? 0],
  );
  return { head, signed, rows: (ends[0]?.position ?? -1) + 1, since: trusted[0]?.size ?? 0, remembered };
}

/** What stands at the end of the log and past it, once the tree up to there was recomputed. */
export async function verifyEdges(
  client: pg.ClientBase,
  { head, signed, rows, remembered }: Extent,
  frontier: Frontier,
  findings: Findings,
): Promise<void> {
  const { report } = findings;
  if (rows < signed) report(rows, 'truncated');
  if (head.size < signed) report(head.size, 'rolled_back');
  else if (head.size > signed) report(signed, 'checkpoint_forged');
  else if (rows === signed) await verifyHead(client, head, frontier, findings);
  for (const one of remembered) {
    if (one.size > signed) report(signed, 'rolled_back');
    else if (one.size > 0) await verifyRemembered(client, one, { head, frontier }, findings);
  }

  const { rows: above } = await client.query<{ position: number }>(
    `SELECT position FROM log.entry WHERE position >= $1 OR position < 0
     UNION SELECT position FROM log.body WHERE position >= $1 OR position < 0
     UNION SELECT greatest(first, 0) FROM log.command WHERE first >= $1 OR first < 0
     UNION SELECT greatest(size - 1, 0) FROM log.checkpoint WHERE size > $1 OR size <= 0
     UNION SELECT greatest(index, 0) * power($2, least(level, 6))::bigint FROM log.tile
       WHERE level NOT BETWEEN 0 AND 6 OR index < 0
          OR (index + 1) * power($2::numeric, least(greatest(level, 0), 6) + 1) > $1
     ORDER BY position LIMIT 100`,
    [signed, tileWidth],
  );
  for (const { position } of above) report(position, 'not_in_the_log');
}

async function verifyHead(client: pg.ClientBase, head: Extent['head'], frontier: Frontier, { report }: Findings) {
  const at = Math.max(head.size - 1, 0);
  const { rows } = await client.query<{ note: string | null; at: number | null; heads: number }>(
    `SELECT (SELECT note FROM log.checkpoint WHERE size = $1) AS note,
            (SELECT at FROM log.entry WHERE position = $1 - 1) AS at, (SELECT count(*) FROM log.head) AS heads`,
    [head.size],
  );
  const last = rows[0];
  if (head.size === 0) return;
  if (last?.note === null) report(at, 'checkpoint_missing');
  const same =
    (last?.note ?? head.checkpoint) === head.checkpoint &&
    (last?.at ?? head.at) === head.at &&
    last?.heads === 1 &&
    // Where the entries do not give the signed root, something was named already, and the head may well be right.
    (!isSigned(head.checkpoint, frontier) || head.frontier.equals(encodeFrontier(frontier)));
  if (!same) report(at, 'head_differs');
}

const isSigned = (note: string, frontier: Frontier): boolean =>
  note.includes(`\n${Buffer.from(frontierRoot(frontier)).toString('base64')}\n`);

/**
 * A log that has gone on from a copy has the size that was remembered, and another history. Whoever put it back may have put
 * the old checkpoint there as well: the tree that was recomputed has to continue it.
 */
async function verifyRemembered(
  client: pg.ClientBase,
  kept: KeptCheckpoint,
  { head, frontier }: { readonly head: Extent['head']; readonly frontier: Frontier },
  { report }: Findings,
): Promise<void> {
  const { size, root } = kept;
  const { rows } = await client.query<{ note: string }>('SELECT note FROM log.checkpoint WHERE size = $1', [size]);
  const note = rows[0]?.note ?? (size === head.size ? head.checkpoint : undefined);
  const line = `\n${Buffer.from(root).toString('base64')}\n`;
  if (note === undefined) return report(size - 1, 'checkpoint_missing');
  // Where the entries do not give the signed root, something was named already, and proves nothing about others.
  const isWhole = isSigned(head.checkpoint, frontier) && frontier.size === head.size;
  const tree = new LogTree(client, new LogReader(client));
  const goesOn = !isWhole || (await continues({ db: client, tree, size: head.size }, kept, frontier));
  if (!note.includes(line) || !goesOn) report(size - 1, 'rolled_back');
}
