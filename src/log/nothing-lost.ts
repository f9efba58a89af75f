import { appendLeaves, emptyFrontier, frontierRoot, type Frontier } from '../merkle/frontier.js';
import { verifyConsistency } from '../merkle/proof.js';
import { consistencyProof, tileTree } from '../merkle/tree.js';
import { Problem } from '../problem.js';
import type { AcceptedLoss, CheckpointKeeper, KeptCheckpoint } from './checkpoint-keeper.js';
import type { Queryable } from './database.js';
import type { LogTree } from './log-tree.js';

const leavesAPage = 20_000;

interface Found {
  readonly db: Queryable;
  readonly tree: LogTree;
  /** Of the head, as the database says it. */
  readonly size: number;
  /** Replays the log up to there, verified: every header, under the signed head. */
  readonly replay: () => Promise<{ readonly frontier: Frontier }>;
}

/** Checkpoints of this log that others hold, under its own signature. */
export interface Elsewhere {
  readonly held: readonly KeptCheckpoint[];
  /** What operators have given up before, as it stands in the log. */
  readonly losses: () => Promise<readonly Loss[]>;
}

export interface Loss {
  readonly kept: number;
  readonly found: number;
}

/**
 * Replays the log only if it has all that was kept outside it: it is as long, and its tree continues that of the kept
 * checkpoint, and of each that is held elsewhere. An older backup, a truncated log and another log of the same key are
 * refused. Returns the loss that an operator has accepted, which the log has to record before anything else.
 * @throws Problem log_rolled_back, log_forked, with `kept` and `size`; log_corrupt; checkpoint_file_unusable
 */
export async function requireNothingLost(
  keeper: CheckpointKeeper,
  found: Found,
  elsewhere?: Elsewhere,
): Promise<AcceptedLoss | undefined> {
  const lost = await lostOf(keeper, found);
  const { frontier } = await found.replay();
  if (elsewhere === undefined) return lost;
  const losses = found.size > 0 ? await elsewhere.losses() : [];
  const accepted = lost === undefined ? losses : [...losses, { kept: lost.lost.size, found: found.size }];
  // The largest first: whoever accepts its loss has accepted that of the others.
  for (const held of [...elsewhere.held].sort((one, other) => other.size - one.size)) {
    if (held.size === 0 || (await continues(found, held, frontier))) continue;
    if (accepted.some((loss) => covers(loss, held))) continue;
    // From here on it is this memory's as well, so that an operator can name it, and accept its loss.
    await keeper.keep(held.note);
    throw refused(keeper, held.size > found.size ? 'log_rolled_back' : 'log_forked', held, found);
  }
  return lost;
}

/** By the keeper alone. */
async function lostOf(keeper: CheckpointKeeper, found: Found): Promise<AcceptedLoss | undefined> {
  const kept = await keeper.last();
  const accepted = await keeper.accepted();
  const shorter = kept !== undefined && found.size < kept.size;
  if (shorter && accepted === undefined) throw refused(keeper, 'log_rolled_back', kept, found);
  const { frontier } = await found.replay();
  if (kept === undefined) return undefined;
  if (shorter) return accepted;
  if (await continues(found, kept, frontier)) return undefined;
  if (accepted === undefined) throw refused(keeper, 'log_forked', kept, found);
  return accepted;
}

const refused = (
  keeper: CheckpointKeeper,
  code: 'log_rolled_back' | 'log_forked',
  { size }: KeptCheckpoint,
  found: Found,
) => new Problem(code, { kept: size, size: found.size, file: keeper.place });

/**
 * Whoever held the lost entries may have stopped anywhere in them. Where another copy had gone on past them, nobody
 * knows how far the two agree.
 */
export const covers = ({ kept, found }: Loss, { size }: KeptCheckpoint): boolean =>
  size <= kept && (size > found || found >= kept);

/**
 * By a consistency proof out of the stored tiles: some dozen rows, whatever the size. Tiles are not trusted, and a
 * damaged one is no fork: where the proof fails, the leaves decide, which the replay has just verified.
 */
export async function continues(
  { db, tree, size }: Pick<Found, 'db' | 'tree' | 'size'>,
  kept: KeptCheckpoint,
  frontier: Frontier,
): Promise<boolean> {
  if (kept.size > size) return false;
  const toRoot = frontierRoot(frontier);
  const proof = await consistencyProof(
    tileTree((level, index, width) => tree.tile({ level, index, width }), size),
    kept.size,
    size,
  ).catch(() => undefined);
  const claim = { fromSize: kept.size, fromRoot: kept.root, toSize: size, toRoot };
  if (proof !== undefined && verifyConsistency({ ...claim, proof })) return true;
  return Buffer.from(await rootOfLeaves(db, kept.size)).equals(kept.root);
}

async function rootOfLeaves(db: Queryable, size: number): Promise<Uint8Array> {
  let frontier = emptyFrontier;
  while (frontier.size < size) {
    const { rows } = await db.query<{ leaf: Buffer }>(
      'SELECT leaf FROM log.entry WHERE position >= $1 AND position < $2 ORDER BY position',
      [frontier.size, Math.min(frontier.size + leavesAPage, size)],
    );
    if (rows.length === 0) throw new Problem('log_corrupt', { position: frontier.size });
    frontier = appendLeaves(
      frontier,
      rows.map(({ leaf }) => leaf),
    );
  }
  return frontierRoot(frontier);
}
