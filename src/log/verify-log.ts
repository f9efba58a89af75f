import { Findings, type Check, type Finding } from './checks.js';
import { onOneClient } from './database.js';
import { PageThreads } from './page-threads.js';
import { startOfPageWith, Verification, type VerificationParts } from './verification.js';
import { verifyOnce } from './verify-commands.js';
import { readExtent, verifyEdges, type Extent } from './verify-extent.js';
import { verifyIndexes } from './verify-rows.js';
import type { VerifyOptions } from './verify-options.js';

export interface Verified {
  readonly ok: boolean;
  readonly entries: number;
  readonly bodies: number;
  readonly checkpoints: number;
  readonly tiles: number;
  /** Kept answers to commands. */
  readonly commands: number;
  readonly disclosures: number;
  readonly approvals: number;
  readonly problems: readonly Finding[];
}

/**
 * Recomputes what the log claims from its rows alone: the tree from the headers, each checkpoint ever signed,
 * each stored tile, each sealed column's hash, and whether every approval and disclosure was allowed where it stands.
 * One snapshot of the database, all cores, a few pages in memory at a time.
 */
export async function verifyLog(options: VerifyOptions): Promise<Verified> {
  return onOneClient(options.db, async (client) => {
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    try {
      const extent = await readExtent(client, options);
      return await PageThreads.forEntries(extent.rows, (worker) => verifySnapshot({ client, worker, options }, extent));
    } finally {
      await client.query('ROLLBACK');
    }
  });
}

type Tools = Pick<VerificationParts, 'client' | 'worker' | 'options'>;

async function verifySnapshot(tools: Tools, extent: Extent): Promise<Verified> {
  const findings = new Findings();
  const run = await verifySince(tools, extent, findings);
  if (run.trusts || extent.since === 0) return verified(run, findings.inOrder());
  // What was to be trusted cannot be: everything is looked at, to say where it was changed.
  const all = new Findings();
  const whole = await verifySince(tools, { ...extent, since: 0 }, all);
  const problems = all.inOrder();
  const first = problems.findIndex(({ position, check }) => position < extent.since && !isOfCheckpoint(check));
  if (first !== -1)
    problems.splice(first, 0, { position: (problems[first] as Finding).position, check: 'below_trusted' });
  return verified(whole, problems);
}

async function verifySince(tools: Tools, extent: Extent, findings: Findings): Promise<Verification> {
  const run = new Verification({ ...tools, findings, size: extent.rows, since: extent.since });
  await run.run();
  await verifyEdges(tools.client, extent, run.frontier, findings);
  await verifyIndexes(tools.client, { below: extent.rows, rows: run.counts.entries }, findings);
  await verifyOnce(tools.client, startOfPageWith(extent.since), findings);
  return run;
}

const verified = ({ counts }: Verification, problems: readonly Finding[]): Verified => ({
  ok: problems.length === 0,
  ...counts,
  problems,
});

/** Of the checkpoint alone: the entries that it covers may be those that were signed. */
const isOfCheckpoint = (check: Check): boolean => check === 'checkpoint_forged' || check === 'checkpoint_differs';
