import { createPublicKey, verify } from 'node:crypto';
import type { LockTarget } from '../log/entries.js';
import type { Entry } from '../log/header.js';
import { classOf } from '../log/fields.js';
import { hashCanonical } from '../sealing/canonical.js';
import { ownCopy } from '../log/ids.js';
import type { Disclosure } from './decide.js';
import type { Policy } from './policy.js';

/**
 * The rules of access once more, from the list of rules and not from the code (what `decide` makes of a state is compared
 * with Cedar on far more cases, decide.cedar.spec.ts; this is about how entries come to it): slow, without any state, each
 * question asked of the whole list of entries. Signatures are checked by Node's own Ed25519. For histories of
 * entries that have the right shape, honest or forged.
 */
export interface Oracle {
  readonly origin: string;
  readonly policy: Policy;
  /** Key id to the person and the raw public key. */
  readonly keys: ReadonlyMap<string, { readonly person: string; readonly publicKey: Uint8Array }>;
}

type Of<T extends Entry['type']> = Extract<Entry, { type: T }>;
type Signed = { entry: Of<'request.approved'>; person: string; nonce: string };
export type GrantByOracle = { request: Of<'request.made'>; from: Of<'request.approved'>; signers: readonly string[] };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const below = (entries: readonly Entry[], position: number) => entries.filter((entry) => entry.position < position);

/** The requests that count: the first of each id, honest about its scope and policy, and not above a ceiling. */
export function requestsIn({ policy }: Oracle, entries: readonly Entry[]): Of<'request.made'>[] {
  const honest = entries.filter((entry): entry is Of<'request.made'> => {
    if (entry.type !== 'request.made' || entry.actor === 'custos') return false;
    const { scope, scopeHash, policyHash, preview, expiresAt } = entry.data;
    const releases = scope.fields.map((field) => policy.classes[classOf(field)]);
    return (
      hex(scopeHash) === hex(hashCanonical('custos/scope/v1', scope)) &&
      hex(policyHash) === hex(hashCanonical('custos/policy/v1', policy)) &&
      releases.every((one) => scope.budget.records <= one.mostRecords) &&
      releases.every((one) => scope.budget.disclosures <= one.mostDisclosures) &&
      releases.every((one) => scope.durationSeconds <= one.longestSeconds) &&
      preview.sessions === scope.sessions.length &&
      expiresAt > entry.at &&
      expiresAt - entry.at <= policy.requestOpenSeconds * 1000
    );
  });
  return honest.filter((entry, index) => honest.findIndex((one) => one.data.request === entry.data.request) === index);
}

const quorum = ({ policy }: Oracle, { data: { scope } }: Of<'request.made'>) =>
  Math.max(2, ...scope.fields.map((field) => policy.classes[classOf(field)].quorum));

/** The approvals that count, in order. Each is judged by those before it. */
function approvalsIn(oracle: Oracle, entries: readonly Entry[]): Signed[] {
  const counted: Signed[] = [];
  for (const entry of entries) {
    const signed = entry.type === 'request.approved' ? countsAfter(oracle, entries, counted, entry) : undefined;
    if (signed !== undefined) counted.push(signed);
  }
  return counted;
}

function countsAfter(
  oracle: Oracle,
  entries: readonly Entry[],
  earlier: readonly Signed[],
  entry: Of<'request.approved'>,
): Signed | undefined {
  const { payloadType, payload, signatures } = JSON.parse(entry.data.envelope);
  const body = Buffer.from(payload, 'base64');
  const key = oracle.keys.get(signatures[0].keyid);
  const type = 'application/vnd.custos.approval+json';
  if (payloadType !== type || key === undefined) return undefined;
  const preAuthenticated = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
  if (!signedBy(key.publicKey, preAuthenticated, Buffer.from(signatures[0].sig, 'base64'))) return undefined;
  const said = JSON.parse(body.toString());
  const request = requestsIn(oracle, below(entries, entry.position)).find(
    ({ data }) => data.request === entry.data.request,
  );
  if (request === undefined) return undefined;
  const { data } = request;
  const before = earlier.filter((one) => one.entry.data.request === data.request);
  const rejected = below(entries, entry.position).some(
    (one) => one.type === 'request.rejected' && one.data.request === data.request && one.position > request.position,
  );
  const counts =
    said.origin === oracle.origin &&
    said.approver === key.person &&
    said.request === entry.data.request &&
    said.scopeHash === hex(data.scopeHash) &&
    said.policyHash === hex(data.policyHash) &&
    said.expiresAt > entry.at &&
    said.expiresAt - entry.at <= oracle.policy.approvalSeconds * 1000 &&
    said.checkpoint.size <= entry.position &&
    !earlier.some(({ nonce }) => nonce === said.nonce) &&
    !before.some(({ person }) => person === key.person) &&
    key.person !== request.actor &&
    !data.scope.sessions.some(({ subject }) => key.person === `subject:${subject}`) &&
    // A rejection that came after the quorum does not matter, and after the quorum nothing counts.
    before.length < quorum(oracle, request) &&
    !rejected &&
    entry.at < data.expiresAt;
  return counts ? { entry, person: key.person, nonce: said.nonce } : undefined;
}

function signedBy(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const x = Buffer.from(publicKey).toString('base64url');
  return verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature);
}

export function grantsByOracle(oracle: Oracle, entries: readonly Entry[]): GrantByOracle[] {
  const approvals = approvalsIn(oracle, entries);
  return requestsIn(oracle, entries).flatMap((request) => {
    const signed = approvals.filter(({ entry }) => entry.data.request === request.data.request);
    const last = signed[quorum(oracle, request) - 1];
    return last === undefined ? [] : [{ request, from: last.entry, signers: signed.map(({ person }) => person) }];
  });
}

/** The rules that deny, in alphabetical order; none if it is allowed. */
export function deniedByOracle(oracle: Oracle, entries: readonly Entry[], asked: Disclosure): string[] {
  if (asked.grant === ownCopy) return deniedOfTheirOwn(entries, asked);
  const grant = grantsByOracle(oracle, entries).find(
    ({ request }) => (request.data.request as string) === asked.grant && request.actor === asked.person,
  );
  if (grant === undefined) return ['grant_unknown'];
  const { scope } = grant.request.data;
  const since = entries.filter((entry) => entry.position > grant.from.position);
  const released = since.flatMap((one) =>
    one.type === 'disclosure.made' && one.data.grant === asked.grant ? [one] : [],
  );
  const spent = released.reduce((sum, { data }) => sum + data.records, 0);
  const named = scope.sessions.filter(({ session }) => session === asked.session);
  const rules = {
    grant_revoked: since.some((one) => one.type === 'grant.revoked' && one.data.grant === asked.grant),
    grant_expired: asked.at >= grant.from.at + scope.durationSeconds * 1000,
    session_not_granted: named.length === 0,
    field_not_granted: asked.fields.length === 0 || asked.fields.some((field) => !scope.fields.includes(field)),
    records_spent: asked.records > Math.max(0, scope.budget.records - spent),
    disclosures_spent: released.length >= scope.budget.disclosures,
    locked: entries.some((one) => one.type === 'lock.set' && stops(one.data.target, asked, named)),
    subject_erased: entries.some(
      (one) => one.type === 'subject.erased' && named.some(({ subject }) => subject === one.subject),
    ),
  };
  return namesOf(rules);
}

function deniedOfTheirOwn(entries: readonly Entry[], asked: Disclosure): string[] {
  if (asked.person !== `subject:${asked.subject ?? ''}`) return ['session_not_own'];
  return namesOf({
    field_not_granted: asked.fields.length === 0,
    records_spent: asked.records < 0,
    locked: entries.some(
      (one) => one.type === 'lock.set' && stops(one.data.target, asked, [{ subject: asked.subject ?? '' }]),
    ),
    subject_erased: entries.some((one) => one.type === 'subject.erased' && one.subject === asked.subject),
  });
}

const namesOf = (rules: Readonly<Record<string, boolean>>): string[] =>
  Object.entries(rules)
    .flatMap(([name, broken]) => (broken ? [name] : []))
    .sort();

function stops(target: LockTarget, asked: Disclosure, named: readonly { subject: string }[]): boolean {
  if (target.kind === 'field') return asked.fields.includes(target.field);
  if (target.kind === 'subject') return named.some(({ subject }) => subject === target.subject);
  if (target.kind === 'person') return target.person === asked.person;
  return target.kind === 'all' || target.grant === asked.grant;
}
