import { authorityKey, sourceInForce } from '../identity/authority.js';
import { subjectsKey } from '../keys/subjects.js';
import type { Head, Outcome } from '../log/draft.js';
import type { PersonId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { batchDraft } from './check-sealed.js';
import { suppression } from './consent.js';
import { decideRecords, freshOf, type Ingested, type SealedForLog } from './decide-records.js';
import type { SealedBody, SealedPart } from './sealed-body.js';
import type { SessionState } from './session-state.js';

/**
 * What becomes of records that a source has sealed, where the head is: pure. Their bytes and signatures were checked
 * before (`check-sealed.ts`); whether the key that signed counts, for exactly this source, is decided here.
 * @throws Problem session_conflict, sequence_gap, sequence_overlap, records_unsealed, source_key_unknown,
 *   subject_key_mismatch
 */
export function decideSealed(head: Head, state: SessionState, source: PersonId, body: SealedBody): Outcome<Ingested> {
  const { subject, sealed, first, count } = body;
  const { from } = freshOf(state, body);
  if (from > first && from < first + count) throw new Problem('sequence_overlap', { expected: from });
  const isKnown = from === first + count;
  if (isKnown || suppression(head, subject, head.at) !== undefined) return decideRecords(head, state, body, undefined);
  if (sealed === undefined) throw new Problem('records_unsealed');
  const key = sourceInForce(head.of(authorityKey), sealed.signedBy, head.at);
  if (key?.person !== source) throw new Problem('source_key_unknown');
  if (head.of(subjectsKey).get(subject)?.keyId !== sealed.epoch.keyId) throw new Problem('subject_key_mismatch');
  return decideRecords(head, state, body, forLog(body, sealed));
}

function forLog({ session, subject }: SealedBody, sealed: SealedPart): SealedForLog {
  const { epoch, batches, rejected, signedBy } = sealed;
  const { id, keyId, sealedKey, signature } = epoch;
  return {
    epoch: { id, keyId, sealedKey, sealedBy: { key: signedBy, signature } },
    batches: batches.map((batch) => batchDraft({ session, subject }, sealed, batch)),
    rejected,
    // Why, the source knows: it has rejected them itself.
    problems: [],
  };
}
