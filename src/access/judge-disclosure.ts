import type { Judge } from '../keys/keyholder-port.js';
import type { Governance } from '../log/governance.js';
import type { EntryOf } from '../log/header.js';
import { ownCopy, type PersonId } from '../log/ids.js';
import { decide, type DisclosureRule } from './decide.js';
import { accessKey } from './access-state.js';

/**
 * The keyholder's own decision, on the state just below the disclosure's entry. It is `decide` again, over a log
 * that the keyholder has read and verified by itself: nothing that the service says goes in.
 */
export const judgeDisclosure: Judge['judge'] = (before, entry) => {
  const decision = decideAgain(before, entry);
  if (decision.verdict === 'deny') return { allowed: false };
  const { subject, from, to } = decision;
  const { session, grant: id } = entry.data;
  const released = { allowed: true, subject, session, from, to } as const;
  if (id === ownCopy) return { ...released, rests: 'on the subject' };
  const grant = before.of(accessKey).grants.get(id);
  return grant === undefined ? { allowed: false } : { ...released, rests: 'on signatures', expiresAt: grant.expiresAt };
};

/**
 * What comes after a disclosure and ends it all the same: its budget was right when it was made. That its grant expires is
 * in no entry: for that the keyholder looks at its clock.
 */
const stops: ReadonlySet<DisclosureRule> = new Set(['locked', 'grant_revoked', 'policy_forbids', 'subject_erased']);

/** Whether a release that was allowed must not go on, on the state as it is now. */
export function mustStop(now: Governance, entry: EntryOf<'disclosure.made'>): boolean {
  const decision = decideAgain(now, entry);
  return decision.verdict === 'deny' && decision.rules.some((rule) => stops.has(rule));
}

export const judge: Judge = { judge: judgeDisclosure, mustStop };

function decideAgain(state: Governance, { data, actor, subject, at }: EntryOf<'disclosure.made'>) {
  const { grant, session, fields, records } = data;
  const asked = { grant, person: actor as PersonId, session, subject, fields, records, at };
  return decide(state.of(accessKey), asked);
}
