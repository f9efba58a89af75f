import { accessKey } from '../access/access-state.js';
import { differences, type PolicyDifference } from '../access/preview-policy.js';
import { consentKey } from '../capture/consent.js';
import { programmeKey } from '../capture/programme.js';
import { authorityKey } from '../identity/authority.js';
import { retentionKey } from '../keys/retention.js';
import { subjectsKey } from '../keys/subjects.js';
import type { Actor, EntryType } from '../log/entries.js';
import type { Governance } from '../log/governance.js';
import type { Entry } from '../log/header.js';
import type { PersonId, Position, RequestId, SubjectId } from '../log/ids.js';

/** What one entry changed of who may do what. */
export interface Change {
  readonly position: Position;
  readonly at: number;
  readonly type: EntryType;
  readonly by: Actor;
  readonly subject?: SubjectId;
  readonly parts: readonly Part[];
  /** Whose signatures stand under it, in order; nobody's where one person alone may do it. */
  readonly signedBy: readonly PersonId[];
  /** What the entry says, without hashes, keys and envelopes; of an act, what it is about. */
  readonly says: Readonly<Record<string, unknown>>;
  /** Of another policy that came into force: member by member. */
  readonly policy?: readonly PolicyDifference[];
}

/** Each part of the state, and where it is: an entry that leaves it as it was leaves the very same object. */
const parts = {
  programme: (state) => state.of(programmeKey),
  policy: (state) => state.of(accessKey).policy,
  keys: (state) => state.of(authorityKey).keys,
  sources: (state) => state.of(authorityKey).sources,
  acts: (state) => state.of(authorityKey).acts,
  subjects: (state) => state.of(subjectsKey),
  consent: (state) => state.of(consentKey),
  retention: (state) => state.of(retentionKey),
  requests: (state) => state.of(accessKey).requests,
  grants: (state) => state.of(accessKey).grants,
  locks: (state) => state.of(accessKey).locks,
} satisfies Record<string, (state: Governance) => object>;
export type Part = keyof typeof parts;
const partNames = Object.keys(parts) as Part[];

/** Undefined if nothing changed, and for a release, which only spends a budget (`exposure.ts` tells those). */
export function changeBy(before: Governance, entry: Entry, after: Governance): Change | undefined {
  if (before === after || entry.type === 'disclosure.made') return undefined;
  const changed = partNames.filter((name) => parts[name](before) !== parts[name](after));
  if (changed.length === 0) return undefined;
  const { position, at, type, actor: by, subject } = entry;
  const change = { position, at, type, by, parts: changed, ...signedFor(entry, after) };
  const [then, now] = [before.of(accessKey).policy, after.of(accessKey).policy];
  return {
    ...change,
    ...(subject === undefined ? {} : { subject }),
    ...(then === now ? {} : { policy: differences(then, now) }),
  };
}

function signedFor(entry: Entry, after: Governance): Pick<Change, 'signedBy' | 'says'> {
  const says = clearOf(entry.data);
  if (entry.type === 'request.approved') {
    const request = after.of(accessKey).requests.get(entry.data.request as RequestId);
    return { says, signedBy: [...(request?.approvals.keys() ?? [])] };
  }
  if (entry.type !== 'act.signed') return { says, signedBy: [] };
  const act = after.of(authorityKey).acts.get(entry.data.act);
  if (act === undefined) return { says, signedBy: [] };
  const { kind, enforcedAt, signatures } = act;
  // The whole document of a policy would bury what changed in it.
  const body = kind === 'policy.change' ? {} : { body: act.body };
  return {
    says: { ...says, kind, ...body, enforced: enforcedAt === entry.position },
    signedBy: [...signatures.keys()],
  };
}

const clearOf = (data: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(data).filter(
      ([name, value]) => name !== 'envelope' && name !== 'body' && !(value instanceof Uint8Array),
    ),
  );
