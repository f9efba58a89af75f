import type { Outcome } from '../log/draft.js';
import type { GrantId, PersonId, RequestId } from '../log/ids.js';
import type { Exceeded } from '../problem.js';
import type { Envelope } from '../sealing/dsse.js';
import { grantOf, requestStream, type AccessState } from './access-state.js';
import { envelopeText, parseEnvelope } from '../identity/signed-statement.js';
import { checkApproval, type ApprovalRule } from './check-approval.js';
import type { NonEmpty } from './non-empty.js';
import { effectOfRequest } from './reach-guard.js';

export type ApprovalAnswer =
  | {
      readonly kind: 'approved';
      readonly request: RequestId;
      readonly approver: PersonId;
      /** Distinct people, this one included. */
      readonly approvals: number;
      readonly needed: number;
      /** Null as long as people are missing. */
      readonly grant: GrantId | null;
    }
  | { readonly kind: 'refused'; readonly rules: NonEmpty<ApprovalRule>; readonly exceeded?: readonly Exceeded[] }
  | { readonly kind: 'request_unknown' };

/**
 * Takes one signature. Whoever hands it in does not matter, only whose key signed it. The grant needs no
 * entry of its own: it is what the signed entries fold to.
 */
export function approveRequest(
  state: AccessState,
  { request: id, envelope }: { request: RequestId; envelope: string | Envelope },
  { at, size }: { at: number; size: number },
): Outcome<ApprovalAnswer> {
  const request = state.requests.get(id);
  if (request === undefined) return { entries: [], answer: { kind: 'request_unknown' } };
  const stream = requestStream(id);
  const checked = checkApproval(state, { envelope, request: id, at, size });
  if (checked.kind === 'refused') {
    const { rules } = checked;
    const entries = [{ type: 'approval.refused' as const, stream, data: { request: id, rules } }];
    if (rules.some((rule) => rule !== 'reach_exceeded')) return { entries, answer: checked };
    return { entries, answer: { ...checked, exceeded: effectOfRequest(state, request, at).exceeded } };
  }
  const signed = (typeof envelope === 'string' ? parseEnvelope(envelope) : envelope) as Envelope;
  const approvals = request.approvals.size + 1;
  const grant = approvals < request.needed ? null : grantOf(id);
  return {
    entries: [{ type: 'request.approved', stream, data: { request: id, envelope: envelopeText(signed) } }],
    answer: { kind: 'approved', request: id, approver: checked.approver, approvals, needed: request.needed, grant },
  };
}
