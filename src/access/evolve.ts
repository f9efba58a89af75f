import { OrderedMap } from 'immutable';
import { z } from 'zod';
import { authorityKey, type Authority } from '../identity/authority.js';
import type { EntryType, governs } from '../log/entries.js';
import { classes } from '../log/fields.js';
import type { Slice } from '../log/governance.js';
import type { Entry, EntryOf } from '../log/header.js';
import { GrantId, PersonId, RequestId, SubjectId } from '../log/ids.js';
import { encodeCanonical } from '../sealing/canonical.js';
import { accessKey, emptyAccess, statusOf, type AccessRequest, type AccessState } from './access-state.js';
import { revokedBy } from '../identity/enrolled-keys.js';
import { checkApproval } from './check-approval.js';
import { glassBroken, glassReviewed } from './break-glass.js';
import { grantOn, withGrant } from './grant.js';
import { toHex } from './hex.js';
import { aboveCeilings, previewOf, termsOf, type Policy } from './policy.js';
import { signersNeeded } from './reach-guard.js';
import { lockLifted, lockSet } from './lock.js';
import { policyChanged } from './policy-change.js';
import { FrozenScope, scopeHash } from './scope.js';

export const accessSlice = (authority: Authority, policy: Policy): Slice<AccessState> => ({
  key: accessKey,
  empty: emptyAccess(authority, policy),
  evolve: (state, entry, of) => evolve(withAuthority(state, of(authorityKey)), entry),
});

const withAuthority = (state: AccessState, authority: Authority): AccessState =>
  state.authority === authority ? state : { ...state, authority };

/**
 * Folds one entry into the state. Pure and total, over rows of any shape. What would widen access is
 * verified again here, as if whoever wrote it had not; what narrows access is believed (access A2, A3).
 */
export function evolve(state: AccessState, entry: Entry): AccessState {
  switch (entry.type) {
    case 'request.made':
      return requestMade(state, entry);
    case 'request.approved':
      return requestApproved(state, entry);
    case 'request.rejected':
      return requestRejected(state, entry);
    case 'grant.revoked':
      return grantRevoked(state, entry);
    case 'lock.set':
      return lockSet(state, entry);
    case 'act.signed':
      return [keyRevoked, lockLifted, policyChanged, glassBroken, glassReviewed].reduce(
        (so, folded) => folded(so, entry),
        state,
      );
    case 'disclosure.made':
      return disclosureMade(state, entry);
    case 'subject.erased':
      return subjectErased(state, entry);
    default:
      entry.type satisfies NotOurs;
      return state;
  }
}

/** A new type of entry that governs does not compile until somebody has decided what it means here. */
type NotOurs =
  | 'subject.registered'
  | 'consent.changed'
  | 'programme.paused'
  | 'columns.expired'
  | 'act.proposed'
  | 'containment.probed'
  | 'assurance.reported'
  | 'incident.opened'
  | 'incident.noted'
  | 'incident.closed'
  | NotGoverning;
type NotGoverning = { [T in EntryType]: (typeof governs)[T] extends false ? T : never }[EntryType];

const Hash = z.instanceof(Uint8Array);
const Count = z.int().min(0);

const Made = z.strictObject({
  request: RequestId,
  scope: FrozenScope,
  scopeHash: Hash,
  policyHash: Hash,
  preview: z.strictObject({ records: Count, subjects: Count, sessions: Count, classes: z.array(z.enum(classes)) }),
  expiresAt: Count,
});

/** A second request of one id would change the scope under signatures that are already there: it is none. */
function requestMade(state: AccessState, entry: EntryOf<'request.made'>): AccessState {
  const made = Made.safeParse(entry.data);
  const requester = PersonId.safeParse(entry.actor);
  if (!made.success || !requester.success) return state;
  const { request: id, scope, preview, expiresAt } = made.data;
  const { policy } = state;
  const holds =
    !state.requests.has(id) &&
    equalBytes(made.data.scopeHash, scopeHash(scope)) &&
    toHex(made.data.policyHash) === state.policyHash &&
    equalBytes(encodeCanonical(preview), encodeCanonical(previewOf(policy, scope, preview.records))) &&
    aboveCeilings(policy, termsOf(scope)).length === 0 &&
    entry.at < expiresAt &&
    expiresAt <= entry.at + policy.requestOpenSeconds * 1000;
  if (!holds) return state;
  const request: AccessRequest = {
    id,
    requester: requester.data,
    scope,
    scopeHash: toHex(made.data.scopeHash),
    policyHash: toHex(made.data.policyHash),
    preview,
    needed: signersNeeded(state, { id, requester: requester.data, scope, preview }, entry.at),
    position: entry.position,
    at: entry.at,
    expiresAt,
    approvals: OrderedMap(),
  };
  return { ...state, requests: state.requests.set(id, request) };
}

const Approved = z.object({ request: RequestId, envelope: z.string() });

function requestApproved(state: AccessState, entry: EntryOf<'request.approved'>): AccessState {
  const approved = Approved.safeParse(entry.data);
  if (!approved.success) return state;
  const { request: id, envelope } = approved.data;
  const { at, position } = entry;
  const checked = checkApproval(state, { envelope, request: id, at, size: position });
  const before = state.requests.get(id);
  if (checked.kind === 'refused' || before === undefined) return state;
  const request = { ...before, approvals: before.approvals.set(checked.approver, { position, keyId: checked.keyId }) };
  const next = {
    ...state,
    requests: state.requests.set(id, request),
    nonces: state.nonces.add(checked.statement.nonce),
  };
  const signers = request.approvals.size;
  return signers < request.needed ? next : withGrant(next, grantOn(request, { position, at, signers }));
}

/**
 * Whoever had the key may have signed much before anybody knew: none of that counts any more. A grant that was complete by
 * then stands until it is revoked itself.
 */
function keyRevoked(state: AccessState, { position, at }: EntryOf<'act.signed'>): AccessState {
  const keyId = revokedBy(state.authority, position);
  if (keyId === undefined) return state;
  const requests = state.requests.map((request) => {
    const approvals = request.approvals.filter((one) => one.keyId !== keyId);
    const isTouched = approvals.size < request.approvals.size && statusOf(state, request, at) === 'open';
    return isTouched ? { ...request, approvals } : request;
  });
  return { ...state, requests };
}

const OfRequest = z.object({ request: RequestId });

function requestRejected(state: AccessState, entry: EntryOf<'request.rejected'>): AccessState {
  const parsed = OfRequest.safeParse(entry.data);
  const request = parsed.success ? state.requests.get(parsed.data.request) : undefined;
  if (request === undefined || statusOf(state, request, entry.at) !== 'open') return state;
  const rejected = { position: entry.position, by: entry.actor };
  return { ...state, requests: state.requests.set(request.id, { ...request, rejected }) };
}

const OfGrant = z.object({ grant: GrantId });

function grantRevoked(state: AccessState, entry: EntryOf<'grant.revoked'>): AccessState {
  const parsed = OfGrant.safeParse(entry.data);
  const grant = parsed.success ? state.grants.get(parsed.data.grant) : undefined;
  if (grant === undefined || grant.revoked) return state;
  const revoked = { position: entry.position, by: entry.actor };
  return { ...state, grants: state.grants.set(grant.id, { ...grant, revoked }) };
}

const Disclosed = z.object({ grant: GrantId, records: Count });

/** Charged even if nobody should have written it: unknown counts as exposed. */
function disclosureMade(state: AccessState, entry: EntryOf<'disclosure.made'>): AccessState {
  const parsed = Disclosed.safeParse(entry.data);
  const grant = parsed.success ? state.grants.get(parsed.data.grant) : undefined;
  if (!parsed.success || grant === undefined) return state;
  const recordsLeft = Math.max(0, grant.recordsLeft - parsed.data.records);
  const disclosuresLeft = Math.max(0, grant.disclosuresLeft - 1);
  return { ...state, grants: state.grants.set(grant.id, { ...grant, recordsLeft, disclosuresLeft }) };
}

function subjectErased(state: AccessState, entry: EntryOf<'subject.erased'>): AccessState {
  const subject = SubjectId.safeParse(entry.subject);
  if (!subject.success || state.erased.has(subject.data)) return state;
  return { ...state, erased: state.erased.set(subject.data, entry.position) };
}

const equalBytes = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
