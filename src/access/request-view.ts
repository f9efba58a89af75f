import type { Preview, Scope } from '../log/entries.js';
import type { GrantId, PersonId, Position, RequestId } from '../log/ids.js';
import { grantOf, statusOf, type AccessRequest, type AccessState, type RequestStatus } from './access-state.js';

/** A request as people see it: everything an approver judges, and never content. Times are epoch milliseconds. */
export interface RequestView {
  readonly request: RequestId;
  readonly state: RequestStatus;
  readonly requester: PersonId;
  readonly scope: Scope;
  /** Hex. */
  readonly scopeHash: string;
  /** Hex. */
  readonly policyHash: string;
  readonly preview: Preview;
  readonly approvals: readonly { readonly approver: PersonId; readonly position: Position }[];
  readonly needed: number;
  readonly position: Position;
  readonly expiresAt: number;
  readonly grant: GrantView | null;
}

export interface GrantView {
  readonly grant: GrantId;
  readonly expiresAt: number;
  readonly recordsLeft: number;
  readonly disclosuresLeft: number;
  readonly revoked: boolean;
}

export function viewRequest(state: AccessState, request: AccessRequest, at: number): RequestView {
  const { id, requester, scope, scopeHash, policyHash, preview, needed, position, expiresAt } = request;
  const approvals = [...request.approvals].map(([approver, signed]) => ({ approver, position: signed.position }));
  const status = statusOf(state, request, at);
  const grant = viewGrant(state, grantOf(id));
  return {
    request: id,
    state: status,
    requester,
    scope,
    scopeHash,
    policyHash,
    preview,
    approvals,
    needed,
    position,
    expiresAt,
    grant,
  };
}

function viewGrant(state: AccessState, id: GrantId): GrantView | null {
  const grant = state.grants.get(id);
  if (grant === undefined) return null;
  const { expiresAt, recordsLeft, disclosuresLeft, revoked } = grant;
  return { grant: id, expiresAt, recordsLeft, disclosuresLeft, revoked: revoked !== undefined };
}
