import { Map as PersistentMap, type OrderedMap, Set as PersistentSet } from 'immutable';
import type { Authority } from '../identity/authority.js';
import type { Actor, LockTarget, Preview, Scope } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { SliceKey } from '../log/governance.js';
import type { GrantId, LockId, PersonId, Position, RequestId, SubjectId } from '../log/ids.js';
import { toHex } from './hex.js';
import { policyHash, type Policy, type Terms } from './policy.js';
import type { SubjectsOfSessions } from './scope.js';

/** Everything that access is decided on, at one position of the log. Persistent: an older one stays as it was. */
export interface AccessState {
  /** Whose signatures count, by the trust file and by what officers enrolled. */
  readonly authority: Authority;
  readonly policy: Policy;
  /** Hex; of the policy in force. */
  readonly policyHash: string;
  /** Of the act that put it in force; the built-in one has none. */
  readonly policySince?: Position;
  readonly requests: PersistentMap<RequestId, AccessRequest>;
  readonly grants: PersistentMap<GrantId, Grant>;
  /** Grants by who holds them, and by whom they are about: all that may still open something (grant.ts). */
  readonly held: PersistentMap<PersonId, readonly GrantId[]>;
  readonly about: PersistentMap<SubjectId, readonly GrantId[]>;
  /** No list in `about` was ever longer. */
  readonly mostAbout: number;
  /** Of every approval that counted. */
  readonly nonces: PersistentSet<string>;
  /** What officers opened alone, reviewed or not. */
  readonly glasses: PersistentMap<GrantId, BrokenGlass>;
  /** In force, by the position of their entry: a lock that was lifted is not here. */
  readonly locks: PersistentMap<Position, Lock>;
  /** Erased subjects and their tombstones. */
  readonly erased: PersistentMap<SubjectId, Position>;
}

export interface AccessRequest {
  readonly id: RequestId;
  readonly requester: PersonId;
  readonly scope: Scope;
  /** Hex. */
  readonly scopeHash: string;
  /** Hex. */
  readonly policyHash: string;
  readonly preview: Preview;
  /** Distinct people who must sign. */
  readonly needed: number;
  readonly position: Position;
  readonly at: number;
  readonly expiresAt: number;
  /** Who signed validly, in order. What a key signed that was revoked since does not stand here, unless it is granted. */
  readonly approvals: OrderedMap<PersonId, Approval>;
  readonly rejected?: Ended;
}

export interface Approval {
  readonly position: Position;
  readonly keyId: string;
}

export interface Grant {
  /** The id of its request. */
  readonly id: GrantId;
  readonly person: PersonId;
  readonly scope: Scope;
  readonly terms: Terms;
  /** Distinct people who signed. */
  readonly signers: number;
  readonly fields: ReadonlySet<FieldName>;
  readonly subjects: SubjectsOfSessions;
  /** Of the approval that completed the quorum. */
  readonly position: Position;
  readonly at: number;
  readonly expiresAt: number;
  readonly recordsLeft: number;
  readonly disclosuresLeft: number;
  readonly revoked?: Ended;
  /** Given by one officer to themselves; other limits hold for it (break-glass.ts). */
  readonly isBreakGlass?: true;
}

export interface Lock extends Ended {
  readonly lock: LockId;
  readonly target: LockTarget;
  readonly reason: string;
}

/** One officer alone opened something. Open until a quorum of others has said what they make of it. */
export interface BrokenGlass {
  readonly grant: GrantId;
  readonly officer: PersonId;
  readonly position: Position;
  readonly reviewed?: {
    readonly position: Position;
    readonly at: number;
    readonly by: readonly PersonId[];
    readonly finding: string;
  };
}

export interface Ended {
  readonly position: Position;
  readonly by: Actor;
}

export const accessKey: SliceKey<AccessState> = { slice: 'access' };

export const emptyAccess = (authority: Authority, policy: Policy): AccessState => ({
  authority,
  policy,
  policyHash: toHex(policyHash(policy)),
  requests: PersistentMap(),
  grants: PersistentMap(),
  held: PersistentMap(),
  about: PersistentMap(),
  mostAbout: 0,
  nonces: PersistentSet(),
  glasses: PersistentMap(),
  locks: PersistentMap(),
  erased: PersistentMap(),
});

export const requestStatuses = ['open', 'granted', 'rejected', 'expired', 'lapsed', 'revoked'] as const;
export type RequestStatus = (typeof requestStatuses)[number];

/**
 * open ──quorum──▶ granted ──revocation──▶ revoked
 *   ├──rejection──▶ rejected   └──its duration──▶ expired
 *   ├──its deadline──▶ expired
 *   └──another policy──▶ lapsed: what was asked, and shown to approvers, was asked under another one
 */
export function statusOf(state: AccessState, request: AccessRequest, at: number): RequestStatus {
  const grant = state.grants.get(grantOf(request.id));
  if (grant !== undefined) return grant.revoked ? 'revoked' : at < grant.expiresAt ? 'granted' : 'expired';
  if (request.rejected) return 'rejected';
  if (at >= request.expiresAt) return 'expired';
  return request.policyHash === state.policyHash ? 'open' : 'lapsed';
}

/** A grant has the id of its request, so that whoever holds the one can name the other. */
export const grantOf = (request: RequestId): GrantId => request as string as GrantId;

export const requestStream = (id: RequestId | GrantId): string => `request/${id}`;
