import type { Judge } from '../keys/keyholder-port.js';
import type { PersonId } from '../log/ids.js';
import { decide } from './decide.js';
import { accessKey } from './evolve.js';

/**
 * The keyholder's own decision, on the state just below the disclosure's entry. It is `decide` again, over a log
 * that the keyholder has read and verified by itself: nothing that the service says goes in.
 */
export const judgeDisclosure: Judge = (before, entry) => {
  const { grant, session, fields, records } = entry.data;
  const decision = decide(before.of(accessKey), {
    grant,
    person: entry.actor as PersonId,
    session,
    subject: entry.subject,
    fields,
    records,
    at: entry.at,
  });
  const subject = decision.verdict === 'allow' ? decision.grant.subjects.get(session) : undefined;
  if (decision.verdict === 'deny' || subject === undefined) return { allowed: false };
  const { from, to } = decision.grant.scope;
  return { allowed: true, subject, session, from, to };
};
