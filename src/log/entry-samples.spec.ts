import type { EntryData, EntryType } from './entries.js';

/** One of each type of entry, with every member that it may have. A new type does not compile without one. */

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const [hash, signature] = [bytes(32, 7), bytes(64, 9)];
const [session, subject, person, field] = ['walk-1', 'anna', 'researcher', 'typed'] as const;
const uuid = '6a4d0c9e-0000-4000-8000-00000000000';
const of = { grant: `${uuid}1`, session, fields: [field, 'url'] };
const records = { session, first: 100, count: 28 };
const messages = { topic: 'custos.records', partition: 3, from: 40, next: 42 };
const sealedBy = { key: 'b1b2b3b4', signature };
const scope = {
  ...{ fields: of.fields, sessions: [{ session, subject }], from: 1000, to: 2000 },
  ...{ purpose: 'to see what a sample is', durationSeconds: 3600, budget: { records: 100, disclosures: 3 } },
};

/** Ids are branded: here they are what they look like. */
type Plain<T> = T extends Uint8Array
  ? Uint8Array
  : T extends string
    ? string
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

export const entrySamples: { readonly [T in EntryType]: Plain<Required<EntryData[T]>> } = {
  'log.opened': { origin: 'custos.example/log' },
  'log.rolled_back': { kept: 90, found: 80, checkpoint: 'a signed note\n', reason: 'a disk was lost' },
  'subject.registered': { keyId: `${uuid}2`, publicKey: hash, attestation: signature },
  'subject.erased': { keyId: `${uuid}2` },
  'key.destroyed': { keyId: `${uuid}2`, tombstone: 41, certificate: signature },
  'consent.changed': { consent: 'paused', until: 1_767_225_700_000 },
  'programme.paused': { reason: 'an incident' },
  'act.proposed': { act: `${uuid}3`, kind: 'lock.lift', body: { lock: `${uuid}4` }, actHash: hash, expiresAt: 1_767_225_700_000 }, // prettier-ignore
  'act.signed': { act: `${uuid}3`, envelope: '{"payload":""}' },
  'act.refused': { act: `${uuid}3`, rules: ['act_expired'] },
  'session.opened': { session, format: 'rrweb' },
  'session.keyed': { session, epoch: bytes(16, 1), keyId: `${uuid}2`, sealedKey: bytes(80, 2), sealedBy },
  'session.batch': { ...records, epoch: bytes(16, 1), from: 1000, to: 2000, catalogue: 1, tags: { secret: 2 }, sealedBy }, // prettier-ignore
  'records.suppressed': { ...records, reason: 'paused' },
  'records.rejected': records,
  'records.missing': records,
  'messages.taken': { ...messages, refused: [{ offset: 41, code: 'batch_signature_invalid' }] },
  'messages.lost': messages,
  'columns.expired': { field, before: 1_767_225_600_000, policy: 12 },
  'request.made': {
    ...{ request: `${uuid}1`, scope, scopeHash: hash, policyHash: hash, expiresAt: 1_767_225_700_000 },
    preview: { records: 28, subjects: 1, sessions: 1, classes: ['sensitive', 'private'] },
  },
  'request.refused': { rules: ['duration_above_ceiling'] },
  'request.approved': { request: `${uuid}1`, envelope: '{"payload":""}' },
  'request.rejected': { request: `${uuid}1`, reason: 'not needed' },
  'approval.refused': { request: `${uuid}1`, rules: ['own_request'] },
  'grant.revoked': { grant: of.grant, reason: 'no longer needed' },
  'glass.broken': { grant: of.grant, officer: 'officer1', fields: of.fields, reason: 'somebody is in danger', durationSeconds: 900, records: 200 }, // prettier-ignore
  'lock.set': { lock: `${uuid}4`, target: { kind: 'field', field }, reason: 'an incident' },
  'disclosure.made': { ...of, versions: 9, records: 28 },
  'disclosure.refused': { ...of, rules: ['grant_revoked'] },
  'disclosure.completed': { disclosure: 60, records: 28, outcome: 'delivered' },
  'containment.probed': { ...of, versions: 9, records: 28, containment: `${uuid}5`, person, rules: ['locked'] },
  'containment.reported': {
    ...{ containment: `${uuid}5`, since: 1_767_225_600_000, only: { person, subject, field, grant: of.grant } },
    ...{ probed: 3, open: 1, named: [{ ...of, person, subject, service: true, keyholder: false }] },
  },
  'assurance.reported': { size: 80, since: 0, ok: false, items: [{ item: 'log_verified', ok: false, count: 80, wrong: ['body_changed'] }] }, // prettier-ignore
  'incident.opened': { incident: `${uuid}6`, title: 'prompts were open', reason: 'a message from anna', from: 10, to: 80 }, // prettier-ignore
  'incident.noted': { incident: `${uuid}6`, kind: 'finding', text: 'two people read', about: [60, 61] },
  'incident.closed': { incident: `${uuid}6`, decision: 'prompts stay private' },
  'history.read': {
    ...{ question: 'exposure', at: 70, from: 10, to: '2026-01-31T09:00:00Z', person, session, field, grant: of.grant },
    ...{ incident: `${uuid}6`, policy: hash, purpose: 'to know who could read' },
  },
};
