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

/**
 * Replays the log only if it has all that was kept outside it: it is as long, and its tree continues that of the kept
 * checkpoint. An older backup, a truncated log and another log of the same key are refused.
 * Returns the loss that an operator has accepted, which the log has to record before anything else.
 * @throws Problem log_rolled_back, log_forked, with `kept` and `size`; log_corrupt; checkpoint_file_unusable
 */
export async function requireNothingLost(keeper: CheckpointKeeper, found: Found): Promise<AcceptedLoss | undefined> {
  const kept = await keeper.last();
  const accepted = await keeper.accepted();
  const refused = (code: 'log_rolled_back' | 'log_forked', { size }: KeptCheckpoint) =>
    new Problem(code, { kept: size, size: found.size, file: keeper.place });

  const shorter = kept !== undefined && found.size < kept.size;
  if (shorter && accepted === undefined) throw refused('log_rolled_back', kept);
  const { frontier } = await found.replay();
  if (kept === undefined) return undefined;
  if (shorter) return accepted;
  if (await continues(found, kept, frontier)) return undefined;
  if (accepted === undefined) throw refused('log_forked', kept);
  return accepted;
}

/**
 * By a consistency proof out of the stored tiles: some dozen rows, whatever the size. Tiles are not trusted, and a
 * damaged one is no fork: where the proof fails, the leaves decide, which the replay has just verified.
 */
async function continues({ db, tree, size }: Found, kept: KeptCheckpoint, frontier: Frontier): Promise<boolean> {
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
