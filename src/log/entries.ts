import type { FieldClass, FieldName } from './fields.js';
import type { ActId, ContainmentId, GrantId, IncidentId, LockId, PersonId, RequestId, SessionId, SubjectId } from './ids.js'; // prettier-ignore

/**
 * The log's vocabulary: every type of entry, what its clear header says, and never content.
 * Times are epoch milliseconds, hashes SHA-256, keys and signatures raw bytes.
 */
export interface EntryData {
  /** Position 0: binds the log to its name. */
  'log.opened': { origin: string };
  /**
   * Entries were lost and an operator accepted it: the log had `kept` entries, by the signed `checkpoint`, and was
   * found with `found`. Whoever holds a receipt of a lost one holds the proof that it was there.
   */
  'log.rolled_back': { kept: number; found: number; checkpoint: string; reason: string };

  /** A subject's public key, attested by the keyholder, so that nobody can slip another one in. */
  'subject.registered': { keyId: string; publicKey: Uint8Array; attestation: Uint8Array };
  /** The tombstone: from here on nobody can open anything of this subject. */
  'subject.erased': { keyId: string };
  /** The keyholder's word, signed, that the key of that tombstone is gone. */
  'key.destroyed': { keyId: string; tombstone: number; certificate: Uint8Array };
  /** `until`: a pause that ends by itself; what was said before holds again then. */
  'consent.changed': { consent: Consent; until?: number };
  /** From its position on nothing is stored, of anybody. Going on takes an act. */
  'programme.paused': { reason: string };

  /** What officers are asked to sign; `kind` and `body` are hashed, and nothing happens by this entry alone. */
  'act.proposed': { act: ActId; kind: string; body: unknown; actHash: Uint8Array; expiresAt: number };
  /** `envelope` is the DSSE envelope as JSON text. The signature that completes the quorum enforces the act. */
  'act.signed': { act: ActId; envelope: string };
  'act.refused': { act: ActId; rules: readonly string[] };

  'session.opened': { session: SessionId; format: string };
  /** A fresh session key, sealed to the subject: whoever writes cannot read what was written before. */
  'session.keyed': { session: SessionId; epoch: Uint8Array; keyId: string; sealedKey: Uint8Array; sealedBy?: SealedBy };
  /** The records `first` to `first + count - 1` of a session, sealed column by column. */
  'session.batch': Records & {
    epoch: Uint8Array;
    from: number;
    to: number;
    catalogue: number;
    tags?: TagCounts;
    sealedBy?: SealedBy;
  };
  /** Records of a subject who does not consent: counted, and not stored. */
  'records.suppressed': Records & { reason: SuppressionReason };
  /** Records that were not of their format: counted, and not stored. */
  'records.rejected': Records;
  /** Records that a topic never brought, or brought in a message that was refused: the session has gone on without them. */
  'records.missing': Records;

  /**
   * Messages of a partition of a topic, at the offsets `from` to `next - 1`, are answered for: what they brought stands
   * behind this entry, written by the same command. Those refused are named by offset and reason, and never by content.
   */
  'messages.taken': Messages & { refused: readonly RefusedMessage[] };
  /** The broker had deleted these before anybody took them. */
  'messages.lost': Messages;

  /**
   * The columns of this field in every entry older than `before` are past the retention that officers gave them;
   * `policy` is the position that enforced it. From here on nobody opens them, and they are deleted.
   */
  'columns.expired': { field: FieldName; before: number; policy: number };

  'request.made': RequestMade;
  'request.refused': { rules: readonly string[] };
  /** `envelope` is the DSSE envelope as JSON text; only its valid signature makes this an approval. */
  'request.approved': { request: RequestId; envelope: string };
  'request.rejected': { request: RequestId; reason: string };
  'approval.refused': { request: RequestId; rules: readonly string[] };
  'grant.revoked': { grant: GrantId; reason: string };

  /** One officer alone has opened this much about the entry's subject: told to everybody, in force at once. */
  'glass.broken': {
    grant: GrantId;
    officer: PersonId;
    fields: readonly FieldName[];
    reason: string;
    durationSeconds: number;
    records: number;
  };

  /** From its position on nothing that it covers is released, on any instance. Lifting it takes an act. */
  'lock.set': { lock: LockId; target: LockTarget; reason: string };

  /** One release of plaintext. It is committed before the keyholder opens anything. */
  'disclosure.made': DisclosureMade;
  'disclosure.refused': DisclosureAsked & { rules: readonly string[] };
  /** Without this entry the outcome of a disclosure is unknown, and unknown counts as exposed. */
  'disclosure.completed': { disclosure: number; records: number; outcome: 'delivered' | 'broken_off' | 'failed' };

  /**
   * A reading as a containment tries it for `person`: the service has decided it and the keyholder will, and nobody opens
   * anything. `rules`: why the service denies; none if it would have released.
   */
  'containment.probed': DisclosureMade & { containment: ContainmentId; person: PersonId; rules: readonly string[] };
  'containment.reported': ContainmentReported;
  /** What was looked at, at which size of the log, and what was found: green only if every item is. */
  'assurance.reported': AssuranceReported;

  /** What is asked about from here on: the entries from size `from` of the log to size `to`; not over yet without it. */
  'incident.opened': { incident: IncidentId; title: string; reason: string; from: number; to?: number };
  /** `about`: positions that it speaks of, above all of containment and assurance reports. */
  'incident.noted': { incident: IncidentId; kind: IncidentNoteKind; text: string; about: readonly number[] };
  'incident.closed': { incident: IncidentId; decision: string };

  /** Somebody looked at the past: what was asked, never what was answered. Committed before the answer leaves. */
  'history.read': HistoryRead;
}

/** The person concerned by a question about one subject stands in the header. Moments as they were asked. */
export interface HistoryRead {
  question: 'reach' | 'state' | 'diff' | 'exposure' | 'ledger' | 'timeline' | 'releases' | 'bundle';
  at?: number | string;
  from?: number | string;
  to?: number | string;
  person?: PersonId;
  session?: SessionId;
  field?: FieldName;
  grant?: GrantId;
  incident?: IncidentId;
  /** Hash of a policy that was supposed. */
  policy?: Uint8Array;
  /** Why, if the reader said so. */
  purpose?: string;
}

/** How many records of a batch something was found in: a tag for whoever grants, never where it is. */
export type TagCounts = Readonly<Record<string, number>>;

/**
 * Where a source sealed at its own end: its key, and its signature over what the header says of this
 * (sealing/source-claims.ts). Absent: sealed by Custos.
 */
export interface SealedBy {
  key: string;
  signature: Uint8Array;
}

/** The records `first` to `first + count - 1` of a session. */
export interface Records {
  session: SessionId;
  first: number;
  count: number;
}

/** Offsets `from` to `next - 1` of one partition; `next` is where whoever takes the partition over goes on. */
export interface Messages {
  topic: string;
  partition: number;
  from: number;
  next: number;
}
export interface RefusedMessage {
  offset: number;
  /** A code of `problem.ts`. */
  code: string;
}

export type SuppressionReason = 'refused' | 'paused' | 'erased' | 'programme';
export type Consent = 'given' | 'paused' | 'refused';

/** Frozen and explicit: named fields of named sessions, in a closed range of time. There is no wildcard. */
export interface Scope {
  fields: readonly FieldName[];
  sessions: readonly { session: SessionId; subject: SubjectId }[];
  from: number;
  to: number;
  purpose: string;
  durationSeconds: number;
  budget: { records: number; disclosures: number };
}

export interface Preview {
  records: number;
  subjects: number;
  sessions: number;
  classes: readonly FieldClass[];
}

export interface RequestMade {
  request: RequestId;
  scope: Scope;
  scopeHash: Uint8Array;
  policyHash: Uint8Array;
  preview: Preview;
  /** Unanswered until then, the request is denied. */
  expiresAt: number;
}

/** What a lock stops: every release, or those of one field, about one subject, to one person, under one grant. */
export type LockTarget =
  | { kind: 'all' }
  | { kind: 'field'; field: FieldName }
  | { kind: 'subject'; subject: SubjectId }
  | { kind: 'person'; person: PersonId }
  | { kind: 'grant'; grant: GrantId };

export interface DisclosureAsked {
  grant: GrantId;
  session: SessionId;
  fields: readonly FieldName[];
}

export interface DisclosureMade extends DisclosureAsked {
  /** Stream versions of the session below this one are released: later records are not. */
  versions: number;
  /** Records in the batches that overlap the grant's range: an upper bound, from headers alone. */
  records: number;
}

/** One way in that a layer still leaves open: the service would have released, the keyholder would have opened. */
export interface OpenReading extends DisclosureAsked {
  person: PersonId;
  subject?: SubjectId;
  service: boolean;
  keyholder: boolean;
}

export interface AssuranceReported {
  size: number;
  /** From there on bodies, tiles and answers were looked at; 0: all of them. Whoever signs on it must see that. */
  since: number;
  ok: boolean;
  items: readonly AssuranceItem[];
}
export interface AssuranceItem {
  item: string;
  ok: boolean;
  /** Of what was counted, how much. */
  count: number;
  /** Names of ours for what is wrong; none where all is well. */
  wrong: readonly string[];
}

/** What came of a containment. Contained: `open` is 0, for each layer by itself. */
export interface ContainmentReported {
  containment: ContainmentId;
  /** Every grant that was in force at some time from then on was tried. */
  since: number;
  only: { person?: PersonId; subject?: SubjectId; field?: FieldName; grant?: GrantId };
  probed: number;
  /** Readings that at least one layer would have let through. */
  open: number;
  /** The first of them; all are in the log. */
  named: readonly OpenReading[];
}

export const incidentNoteKinds = ['note', 'finding', 'decision'] as const;
export type IncidentNoteKind = (typeof incidentNoteKinds)[number];

export type EntryType = keyof EntryData;

/** Whether an entry changes who may do what: these are folded into the state that decisions are made on. */
export const governs = {
  'log.opened': false,
  'log.rolled_back': false,
  'subject.registered': true,
  'subject.erased': true,
  'key.destroyed': false,
  'consent.changed': true,
  'programme.paused': true,
  'act.proposed': true,
  'act.signed': true,
  'act.refused': false,
  'session.opened': false,
  'session.keyed': false,
  'session.batch': false,
  'records.suppressed': false,
  'records.rejected': false,
  'records.missing': false,
  'messages.taken': false,
  'messages.lost': false,
  'columns.expired': true,
  'request.made': true,
  'request.refused': false,
  'request.approved': true,
  'request.rejected': true,
  'approval.refused': false,
  'grant.revoked': true,
  'glass.broken': false,
  'lock.set': true,
  'disclosure.made': true,
  'disclosure.refused': false,
  'disclosure.completed': false,
  // It changes nothing, and the keyholder judges it where it stands.
  'containment.probed': true,
  'containment.reported': false,
  'assurance.reported': true,
  // They change nothing that anybody may do; whoever writes to an incident decides on whether it is open.
  'incident.opened': true,
  'incident.noted': true,
  'incident.closed': true,
  'history.read': false,
} as const satisfies Record<EntryType, boolean>;

export const isEntryType = (type: string): type is EntryType => Object.hasOwn(governs, type);

export type Actor = PersonId | 'custos';
