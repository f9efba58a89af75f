import { readFile } from 'node:fs/promises';
import type { Queryable } from '../log/database.js';
import type { Verified } from '../log/verify-log.js';
import { Problem } from '../problem.js';
import { filesOf } from '../service/data-folder.js';
import type { KnownLog } from '../witness/judge-checkpoint.js';

export interface VerifyLive {
  readonly data: string;
  /** Of a role that may read the log; in dev mode the data folder tells it. */
  readonly database?: string | undefined;
  readonly trustFile?: string | undefined;
  readonly since?: number | undefined;
  /** The last checkpoint that the service remembers outside the database, if there is such a file. */
  readonly checkpointFile?: string | undefined;
  /** The log was just put back: what was remembered of the one before says nothing about it. */
  readonly isRestored?: boolean;
  /** Asked what they hold of this log, if there are any (`CUSTOS_WITNESSES_FILE`). */
  readonly witnessesFile?: string | undefined;
  readonly progress?: (done: number, total: number) => void;
}

export type LiveVerdict = Verified & {
  /** The trigger, policy, table or function of the database that is not as it must be, where one is not. */
  readonly unguarded?: string;
  /** What each holds; `at` in epoch milliseconds. */
  readonly witnesses?: readonly { readonly name: string; readonly size: number; readonly at: number }[];
};

/**
 * Checks the whole log from the rows of the database, read-only, with the keys in the trust file: it asks nothing of
 * the service and believes nothing that it says.
 */
export async function verifyLiveLog({
  data,
  database,
  trustFile,
  since,
  checkpointFile,
  isRestored = false,
  witnessesFile,
  progress,
}: VerifyLive): Promise<LiveVerdict> {
  const [
    { openPool },
    { verifyLog },
    { loadTrust },
    { parseVerifierKey },
    { Governance },
    { governanceSlices },
    { auditEntry },
    { sodiumReady },
    { CheckpointFile },
  ] = await Promise.all([
    import('../log/database.js'),
    import('../log/verify-log.js'),
    import('../identity/trust.js'),
    import('../merkle/note.js'),
    import('../log/governance.js'),
    import('../governance.js'),
    import('../access/audit-entry.js'),
    import('../sealing/sodium.js'),
    import('../log/checkpoint-file.js'),
  ]);
  await sodiumReady();
  const trust = await loadTrust(trustFile ?? filesOf(data).trust);
  const db = openPool(database ?? (await readerUrl(data)), { connections: 2, name: 'custos verify' });
  try {
    const trusted = { origin: trust.origin, verifiers: [parseVerifierKey(trust.log)] };
    const held = witnessesFile === undefined ? undefined : await heldByWitnesses(witnessesFile, trusted);
    const verified = await verifyLog({
      db,
      ...trusted,
      remembered: isRestored
        ? undefined
        : await new CheckpointFile(checkpointFile ?? filesOf(data).checkpoint, trusted).last(),
      held: held?.map(({ last }) => last),
      since,
      governance: Governance.empty(governanceSlices(trust)),
      audit: auditEntry,
      ...(progress === undefined ? {} : { progress }),
    });
    const verdict = { ...verified, ...(await guardsOn(db, verified)) };
    if (held === undefined) return verdict;
    return { ...verdict, witnesses: held.map(({ name, at, last }) => ({ name, size: last.size, at })) };
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem('log_unavailable');
  } finally {
    await db.end();
  }
}

/**
 * The rows that were verified are those that this role is shown: a policy or a view may show the service others. The log is
 * verified all the same, so that whoever finds the one thing has the other.
 */
async function guardsOn(db: Queryable, { entries, problems }: Verified) {
  const { requireGuards } = await import('../log/guards.js');
  try {
    await requireGuards(db);
    return {};
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'guards_changed') throw error;
    const found = { position: entries, check: 'unguarded' as const };
    return { ok: false, problems: [...problems, found], unguarded: error.members.setting ?? '' };
  }
}

/** All of them have to answer: whoever asks wants to know. @throws Problem witness_file_invalid, witnesses_unreachable */
async function heldByWitnesses(file: string, log: KnownLog) {
  const [{ readWitnesses }, { lastCosigned }, { cosignaturesOn }] = await Promise.all([
    import('../witness/witnesses.js'),
    import('../witness/ask-witness.js'),
    import('../merkle/cosignature.js'),
  ]);
  const { all } = await readWitnesses(file);
  const answers = await Promise.all(
    all.map(async (witness) => {
      const last = await lastCosigned(witness, log).catch(() => {
        throw new Problem('witnesses_unreachable', { limit: all.length, witnesses: [witness.name] });
      });
      if (last === undefined) return [];
      const [{ at } = { at: 0 }] = cosignaturesOn(last.note, [witness.cosigner]);
      return [{ name: witness.name, at: at * 1000, last }];
    }),
  );
  return answers.flat();
}

/** Of the data folder of a running service. */
export async function readerUrl(data: string): Promise<string> {
  try {
    const { readerUrl: url } = JSON.parse(await readFile(filesOf(data).runtime, 'utf8')) as { readerUrl: string };
    return url;
  } catch {
    throw new Problem('service_unreachable');
  }
}
