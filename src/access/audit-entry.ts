import type { Governance } from '../log/governance.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { Position } from '../log/ids.js';
import type { Check } from '../log/checks.js';
import { certifies } from '../keys/attestation.js';
import { retentionKey } from '../keys/retention.js';
import { subjectsKey } from '../keys/subjects.js';
import { authorityKey, enforcedBy } from '../identity/authority.js';
import { accessKey } from './access-state.js';
import { breakGlassAct, reviewAct } from './break-glass.js';
import { policyAct } from './policy-change.js';
import { judgeDisclosure } from './judge-disclosure.js';

/** What is wrong with a governing entry where it stands, by the same rules that serve: `custos verify` asks this. */
export function auditEntry(before: Governance, entry: Entry, after: Governance): Check | undefined {
  switch (entry.type) {
    case 'disclosure.made':
      return judgeDisclosure(before, entry).allowed ? undefined : 'disclosure_without_grant';
    case 'request.approved':
      // An approval that does not count leaves the state as it was.
      return before.of(accessKey) === after.of(accessKey) ? 'approval_invalid' : undefined;
    case 'act.signed':
      return before.of(authorityKey) === after.of(authorityKey) || isRefused(before, entry, after)
        ? 'act_invalid'
        : undefined;
    case 'subject.registered':
      return before.of(subjectsKey) === after.of(subjectsKey) ? 'key_not_attested' : undefined;
    case 'columns.expired':
      return before.of(retentionKey) === after.of(retentionKey) ? 'retention_invalid' : undefined;
    case 'key.destroyed':
      return isCertified(before, entry) ? undefined : 'certificate_invalid';
    default:
      return undefined;
  }
}

/** Signed by enough officers, and nothing that may stand: the service would not have taken the last signature. */
const isRefused = (before: Governance, { position }: Entry, after: Governance): boolean =>
  [policyAct, breakGlassAct, reviewAct].some(({ kind }) => enforcedBy(after.of(authorityKey), position, kind)) &&
  before.of(accessKey).policy === after.of(accessKey).policy &&
  before.of(accessKey).glasses === after.of(accessKey).glasses;

/** The keyholder's word is of this subject, this key and this tombstone, and signed. */
function isCertified(before: Governance, { subject, data }: EntryOf<'key.destroyed'>): boolean {
  const { keyId, tombstone, certificate } = data;
  const erased = subject === undefined ? undefined : before.of(subjectsKey).get(subject);
  if (subject === undefined || erased?.kind !== 'erased') return false;
  const claim = { subject, keyId, tombstone: tombstone as Position };
  const { keyholder } = before.of(authorityKey).trust;
  return erased.keyId === keyId && erased.tombstone === tombstone && certifies(keyholder, claim, certificate);
}
