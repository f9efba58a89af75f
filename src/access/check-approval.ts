import { personOfSubject, type PersonId, type RequestId } from '../log/ids.js';
import type { Envelope } from '../sealing/dsse.js';
import { statusOf, type AccessRequest, type AccessState } from './access-state.js';
import { keyInForce } from '../identity/authority.js';
import { openStatement, type EnvelopeRule } from '../identity/signed-statement.js';
import { approvalType, type ApprovalStatement } from './approval.js';
import { isNonEmpty, type NonEmpty } from './non-empty.js';
import { exceedsReach, largerQuorum } from './reach-guard.js';

export interface HandedIn {
  readonly envelope: string | Envelope;
  /** The request that the signature is handed in for. */
  readonly request: RequestId;
  /** Time of the entry that will hold it, epoch milliseconds. */
  readonly at: number;
  /** Entries in the log below that entry. */
  readonly size: number;
}

export type CheckedApproval =
  | {
      readonly kind: 'valid';
      readonly approver: PersonId;
      readonly keyId: string;
      readonly statement: ApprovalStatement;
    }
  | { readonly kind: 'refused'; readonly rules: NonEmpty<ApprovalRule> };

/**
 * Whether a signature counts as an approval. Pure and total; serving and replay both ask it (access A2).
 * A signature that is not good is refused for that alone: what stands behind it is nobody's word.
 */
export function checkApproval(state: AccessState, { envelope, request: id, at, size }: HandedIn): CheckedApproval {
  const { authority } = state;
  const opened = openStatement(approvalType, envelope, (keyId) => keyInForce(authority, keyId, at));
  if (opened.kind === 'refused') return { kind: 'refused', rules: [opened.rule] };
  const { statement, keyId } = opened;
  const owner = keyInForce(authority, keyId, at)?.person;
  if (owner === undefined) return { kind: 'refused', rules: ['key_unknown'] };
  const request = state.requests.get(id);
  if (request === undefined) return { kind: 'refused', rules: ['request_not_open'] };
  const broken = ruleNames.filter((name) => !rules[name]({ statement, owner, request, at, size, state }));
  return isNonEmpty(broken) ? { kind: 'refused', rules: broken } : { kind: 'valid', approver: owner, keyId, statement };
}

interface Seen {
  readonly statement: ApprovalStatement;
  /** Whose key it is by trust file and enrolment: the person who counts, whatever the statement says. */
  readonly owner: PersonId;
  readonly request: AccessRequest;
  readonly at: number;
  readonly size: number;
  readonly state: AccessState;
}

/** What must hold, filed under the name that a refusal carries when it does not. */
const rules = {
  origin_wrong: ({ statement, state }) => statement.origin === state.authority.trust.origin,
  approver_mismatch: ({ statement, owner }) => statement.approver === owner,
  request_mismatch: ({ statement, request }) => statement.request === request.id,
  scope_changed: ({ statement, request }) => statement.scopeHash === request.scopeHash,
  // Of the request as well: what was asked under another policy was shown, and judged, under that one.
  policy_changed: ({ statement, request, state }) =>
    statement.policyHash === state.policyHash && request.policyHash === state.policyHash,
  approval_expired: ({ statement, at }) => at < statement.expiresAt,
  approval_expiry_too_far: ({ statement, at, state }) =>
    statement.expiresAt <= at + state.policy.approvalSeconds * 1000,
  nonce_reused: ({ statement, state }) => !state.nonces.has(statement.nonce),
  own_request: ({ owner, request }) => owner !== request.requester,
  subject_concerned: ({ owner, request }) =>
    request.scope.sessions.every(({ subject }) => owner !== personOfSubject(subject)),
  // People count, not keys: a second key is no second person.
  already_approved: ({ owner, request }) => !request.approvals.has(owner),
  // The last signature puts the grant in force: only a larger quorum takes it above what may be reached at once.
  reach_exceeded: ({ request, at, state }) => {
    const signers = request.approvals.size + 1;
    return (
      signers < request.needed ||
      signers >= largerQuorum(state, request.scope.fields) ||
      !exceedsReach(state, request, at)
    );
  },
  request_not_open: ({ request, at, state }) => statusOf(state, request, at) === 'open',
  // Nobody has seen a log that is longer than the log. Its root is checked where roots are at hand.
  checkpoint_ahead: ({ statement, size }) => statement.checkpoint.size <= size,
} satisfies Record<string, (seen: Seen) => boolean>;

export type ApprovalRule = EnvelopeRule | keyof typeof rules;
const ruleNames = Object.keys(rules) as (keyof typeof rules)[];
