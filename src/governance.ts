import { accessSlice } from './access/evolve.js';
import { builtInPolicy } from './access/policy.js';
import { consentSlice } from './capture/consent.js';
import type { Trust } from './identity/trust.js';
import { subjectsSlice } from './keys/subjects.js';
import type { AnySlice } from './log/governance.js';
import { retentionSlice } from './log/retention.js';

/** Every part of the governance state. The service, the keyholder and `custos verify` fold the same ones. */
export const governanceSlices = (trust: Trust): readonly AnySlice[] => [
  subjectsSlice(trust.keyholder),
  consentSlice,
  retentionSlice,
  accessSlice(trust, builtInPolicy),
];
