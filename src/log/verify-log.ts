import { Findings, type Finding } from './checks.js';
import { onOneClient } from './database.js';
import { PageThreads } from './page-threads.js';
import { entriesAPage } from './replay-page.js';
import { Verification, type VerificationParts } from './verification.js';
import { verifyOnce } from './verify-commands.js';
import { readExtent, verifyEdges, type Extent } from './verify-extent.js';
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
  const run = new Verification({ ...tools, findings, size: extent.rows, wholeFrom: startOfPageWith(extent.since) });
  await run.run();
  await verifyEdges(tools.client, extent, run.frontier, findings);
  await verifyOnce(tools.client, startOfPageWith(extent.since), findings);
  const problems = findings.inOrder();
  return { ok: problems.length === 0, ...run.counts, problems };
}

/** A checkpoint is compared in the page that holds the last of its entries. */
const startOfPageWith = (size: number): number => Math.floor(Math.max(size - 1, 0) / entriesAPage) * entriesAPage;
