import { z } from 'zod';
import type { AccessState } from '../access/access-state.js';
import type { Governance } from '../log/governance.js';
import type { Consent, EntryType } from '../log/entries.js';
import { FieldName } from '../log/fields.js';
import type { Entry } from '../log/header.js';
import { SessionId, type GrantId, type PersonId, type Position, type RequestId, type SubjectId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { defined } from './defined.js';
import { releaseSaid } from './release-said.js';

export type LedgerKind = 'granted' | 'released' | 'refused' | 'break-glass' | 'reviewed' | 'erased' | 'consent';

/** One line of what happened to a subject's data, as it stood when it was written: nothing later changes it. */
export interface LedgerLine {
  readonly position: Position;
  readonly at: number;
  readonly kind: LedgerKind;
  /** Who it was; of a review, those who signed it are `approvers`. */
  readonly person: string;
  readonly session?: SessionId;
  /** What of theirs a grant opens. */
  readonly sessions?: readonly SessionId[];
  readonly fields?: readonly FieldName[];
  readonly records?: number;
  readonly purpose?: string;
  readonly approvers?: readonly PersonId[];
  readonly rules?: readonly string[];
  readonly consent?: Consent;
  /** Of a pause that ends by itself, and of a grant. */
  readonly until?: number;
}

/** Positions from `from` up to and not with `below`. */
export interface Span {
  readonly from: number;
  readonly below: number;
}

/**
 * The log's size and a state of at least that size. Positions are handed out in the order of commits, so that all below
 * the size is there, and nothing is ever added to it: whoever goes on from it misses nothing and hears nothing twice.
 */
export async function lookAt(log: Log): Promise<{ readonly size: number; readonly state: Governance }> {
  const { size } = await log.reader.head();
  return { size, state: await log.refreshed() };
}

/** In order. `most`: so many of the first at least, if there are so many. */
export async function ledgerLines(
  log: Log,
  { subject, access, span, most }: { subject: SubjectId; access: AccessState; span: Span; most?: number },
): Promise<LedgerLine[]> {
  const entries = await log.reader.ofSubject(subject, types, {
    ...span,
    ...(most === undefined ? {} : { limit: most }),
  });
  const told = entries.flatMap((entry) => lineOf(entry, access) ?? []);
  return inOrder([...told, ...within(span, linesAbout(subject, access))]);
}

/** What officers are told: what one of them opened alone, and what others made of it. */
export const glassLines = (access: AccessState, span: Span): LedgerLine[] =>
  inOrder(within(span, [...access.glasses.keys()].flatMap((grant) => [...brokenLine(access, grant), ...reviewLine(access, grant)]))); // prettier-ignore

const within = ({ from, below }: Span, lines: readonly LedgerLine[]) =>
  lines.filter(({ position }) => position >= from && position < below);
const inOrder = (lines: readonly LedgerLine[]) => [...lines].sort((a, b) => a.position - b.position);

const types = [
  'disclosure.made',
  'disclosure.refused',
  'subject.erased',
  'consent.changed',
] as const satisfies EntryType[];

/** Whoever is told has an answer, and in each line its own position, whatever a stolen service has written there. */
const fields = z.array(FieldName).catch([]);
const Refused = z.object({ session: SessionId.catch('' as SessionId), fields, rules: z.array(z.string()).catch([]) });
const Changed = z.object({
  consent: z.enum(['given', 'paused', 'refused']).optional().catch(undefined),
  until: z.int().min(0).optional().catch(undefined),
});

function lineOf(entry: Entry, access: AccessState): LedgerLine | undefined {
  const { position, at, actor: person } = entry;
  switch (entry.type) {
    case 'disclosure.made': {
      const { grant, session, fields, records } = releaseSaid(entry);
      const what = { session, fields, ...defined({ records }) };
      return { position, at, kind: 'released', person, ...what, ...signedFor(access, grant) };
    }
    case 'disclosure.refused':
      return { position, at, kind: 'refused', person, ...Refused.parse(entry.data) };
    case 'subject.erased':
      return { position, at, kind: 'erased', person };
    case 'consent.changed':
      return { position, at, kind: 'consent', person, ...defined(Changed.parse(entry.data)) };
    default:
      return undefined;
  }
}

/** What stands in no entry about one subject: what signatures gave, to whom, and what became of a broken glass. */
function linesAbout(subject: SubjectId, access: AccessState): LedgerLine[] {
  const lines: LedgerLine[] = [];
  for (const { id, person, position, at, expiresAt: until, scope, isBreakGlass } of access.grants.values()) {
    const sessions = scope.sessions.flatMap((one) => (one.subject === subject ? [one.session] : []));
    if (sessions.length === 0) continue;
    const { fields } = scope;
    // From what the officer signed: a stolen service can leave `glass.broken` out, or write one that nobody signed.
    if (isBreakGlass) lines.push(...brokenLine(access, id, sessions), ...reviewLine(access, id));
    else lines.push({ position, at, kind: 'granted', person, sessions, fields, until, ...signedFor(access, id) });
  }
  return lines;
}

/** `theirs`: the sessions of whoever is told; left out, all of them. */
function brokenLine({ grants }: AccessState, id: GrantId, theirs?: readonly SessionId[]): LedgerLine[] {
  const grant = grants.get(id);
  if (grant === undefined) return [];
  const { position, at, person, scope, expiresAt: until } = grant;
  const { fields, purpose, budget } = scope;
  const sessions = theirs ?? scope.sessions.map(({ session }) => session);
  return [{ position, at, kind: 'break-glass', person, sessions, fields, records: budget.records, purpose, until }];
}

/** The finding is the officers': it stands in the act. */
function reviewLine({ glasses }: AccessState, id: GrantId): LedgerLine[] {
  const { officer, reviewed } = glasses.get(id) ?? {};
  if (officer === undefined || reviewed === undefined) return [];
  const { position, at, by } = reviewed;
  return [{ position, at, kind: 'reviewed', person: officer, approvers: by }];
}

function signedFor(access: AccessState, grant: GrantId): Pick<LedgerLine, 'purpose' | 'approvers'> {
  const request = access.requests.get(grant as string as RequestId);
  const glass = access.glasses.get(grant);
  if (glass !== undefined) {
    const purpose = access.grants.get(grant)?.scope.purpose ?? '';
    return { purpose, approvers: [glass.officer] };
  }
  return request === undefined ? {} : { purpose: request.scope.purpose, approvers: [...request.approvals.keys()] };
}
