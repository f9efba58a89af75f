import { accessSlice } from './access/evolve.js';
import { lockAct } from './access/lock.js';
import { builtInPolicy } from './access/built-in-policy.js';
import { accessKey } from './access/access-state.js';
import { breakGlassAct, reviewAct, unreviewed } from './access/break-glass.js';
import { policyAct } from './access/policy-change.js';
import { incidentSlice } from './history/incident.js';
import type { ActKind } from './identity/act.js';
import { programmeAct, programmeSlice, type OpenReviews } from './capture/programme.js';
import { consentSlice } from './capture/consent.js';
import { emptyAuthority } from './identity/authority.js';
import { keyActs } from './identity/enrolled-keys.js';
import { authoritySlice } from './identity/evolve-authority.js';
import { ingestKeyActs, ingestKeysSlice } from './identity/ingest-keys.js';
import type { Trust } from './identity/trust.js';
import { retentionAct, retentionSlice } from './keys/retention.js';
import { subjectsSlice } from './keys/subjects.js';
import type { AnySlice } from './log/governance.js';

const openReviews: OpenReviews = (of) => unreviewed(of(accessKey)).length;

/** Everything that officers can do together by signing. */
export const actKinds: readonly ActKind[] = [
  ...keyActs,
  ...ingestKeyActs,
  lockAct,
  policyAct,
  breakGlassAct,
  reviewAct,
  programmeAct(openReviews),
  retentionAct,
];

/** Every part of the governance state. The service, the keyholder and `custos verify` fold the same ones. */
export function governanceSlices(trust: Trust): readonly AnySlice[] {
  const authority = emptyAuthority(trust, actKinds);
  return [
    authoritySlice(authority),
    ingestKeysSlice,
    subjectsSlice(trust.keyholder),
    consentSlice,
    retentionSlice,
    accessSlice(authority, builtInPolicy),
    programmeSlice(openReviews),
    incidentSlice,
  ];
}
