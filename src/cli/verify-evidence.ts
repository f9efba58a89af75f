import { judgeEvidence, parseEvidence } from '../witness/evidence.js';
import { timeText, visible } from './output.js';
import type { LogKey } from './receipt.js';
import type { Verdict } from './verdict.js';

export type EvidenceFileVerdict = Verdict & {
  readonly origin: string;
  readonly proves?: 'fork' | 'rollback';
  /** What was cosigned, and what was shown later. */
  readonly sizes?: readonly [number, number];
  readonly seenAt?: number;
};

/** What a witness has kept of a log that broke its word, offline and with nobody's word for it. Total. */
export function verifyEvidence(text: string, { origin, verifiers }: LogKey): EvidenceFileVerdict {
  const counts = { entries: 0, bodies: 0, origin };
  const refused = (check: string) => ({ ok: false, ...counts, checkpoints: 0, problems: [{ position: 0, check }] });
  const evidence = parseEvidence(text);
  if (evidence === undefined) return refused('evidence_form');
  const { verdict, sizes } = judgeEvidence(evidence, { origin, verifiers });
  if (verdict === 'not_signed') return refused('checkpoint_signature');
  if (verdict === 'no_fork' || sizes === undefined) return refused('no_fork');
  return { ok: true, ...counts, checkpoints: 2, problems: [], proves: verdict, sizes, seenAt: evidence.seenAt };
}

export function evidenceVerdictText({
  ok,
  origin,
  problems,
  proves,
  sizes = [0, 0],
  seenAt,
}: EvidenceFileVerdict): string {
  if (!ok) return `NOT VERIFIED: ${problems.map(({ check }) => check).join(', ')}: this convicts nobody`;
  const [witnessed, shown] = sizes;
  return visible(
    proves === 'fork'
      ? `PROVEN: ${origin} signed two histories, of ${witnessed} and of ${shown} entries, and neither continues the other`
      : `${origin} signed ${witnessed} entries and ${shown}. That the ${shown} were shown later, at ${timeText(seenAt)}, is the word of the witness`,
  );
}
