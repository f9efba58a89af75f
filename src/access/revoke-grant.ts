import type { Outcome } from '../log/draft.js';
import type { GrantId, PersonId, Position } from '../log/ids.js';
import { requestStream, type AccessState } from './access-state.js';

/** An overseer (approver, officer) may revoke any grant, its holder only their own. */
export type Revoker = { readonly as: 'overseer' } | { readonly as: 'holder'; readonly person: PersonId };

export type RevocationAnswer =
  | { readonly kind: 'revoked'; readonly grant: GrantId }
  /** Asked twice, it holds once; `position` is the revocation that counts. */
  | { readonly kind: 'revoked_before'; readonly grant: GrantId; readonly position: Position }
  | { readonly kind: 'grant_unknown' };

/** Ends a grant. To a holder, a grant of somebody else and a grant that does not exist are the same. */
export function revokeGrant(
  state: AccessState,
  { grant: id, by, reason }: { grant: GrantId; by: Revoker; reason: string },
): Outcome<RevocationAnswer> {
  const grant = state.grants.get(id);
  if (grant === undefined || (by.as === 'holder' && by.person !== grant.person)) {
    return { entries: [], answer: { kind: 'grant_unknown' } };
  }
  if (grant.revoked) {
    return { entries: [], answer: { kind: 'revoked_before', grant: id, position: grant.revoked.position } };
  }
  return {
    entries: [{ type: 'grant.revoked', stream: requestStream(id), data: { grant: id, reason } }],
    answer: { kind: 'revoked', grant: id },
  };
}
