import type { AccessState, Grant } from '../access/access-state.js';
import { decide } from '../access/decide.js';
import type { Policy } from '../access/policy.js';
import { opensAnything, reachOf } from '../access/reach.js';
import type { EntryType } from '../log/entries.js';
import type { FieldName } from '../log/fields.js';
import type { Entry, EntryOf } from '../log/header.js';
import type { GrantId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import { ExposureRows, type Edge, type Window } from './exposure-rows.js';
import type { Place } from './moment.js';
import { within, without, type Rectangle } from './rectangle.js';
import { endSaid, releaseSaid } from './release-said.js';

/** What alone is looked at; each member that is left out is all of it. */
export interface ExposureFilter {
  readonly person?: PersonId;
  readonly subject?: SubjectId;
  readonly session?: SessionId;
  readonly field?: FieldName;
}

export interface ExposureAsked {
  readonly from: Omit<Place, 'checkpoint'>;
  readonly filter: ExposureFilter;
  readonly window: Window;
  /** As if this one had been in force all the time; whose signatures there were stays as it was. */
  readonly policy?: Policy;
}

/** What it is told of beside what governs; all else only lets time pass. */
export const told: ReadonlySet<EntryType> = new Set<EntryType>(['disclosure.completed']);

interface Piece extends Rectangle {
  readonly since: Edge;
}

interface Live {
  readonly person: PersonId;
  readonly expiresAt: number;
  readonly pieces: readonly Piece[];
}

/**
 * Who could read what from when until when, and who did: one pass over entries in order, each with the state on both
 * sides of it. What a grant opens is a rectangle (`reachOf`) and changes at entries and when it runs out, so a few
 * rectangles are cut and no triple is enumerated. In memory are the grants that may still open something, and one page.
 */
export class Exposure {
  private readonly live = new Map<GrantId, Live>();
  private readonly rows: ExposureRows;
  /** No grant that is live runs out before. */
  private nextExpiry = Infinity;

  /** The last of the log so far. Times go back where somebody wrote past the database's clock. */
  private at: number;

  constructor(
    private readonly asked: ExposureAsked,
    private state: AccessState,
  ) {
    this.rows = new ExposureRows(asked.window);
    const { position, at } = asked.from;
    this.at = at;
    const grants = [...state.grants.values()].sort((a, b) => a.position - b.position);
    for (const grant of grants) this.look(state, grant, { position, at });
  }

  /** An entry of which nothing else is told: a grant may have run out by its time, or be in force again. */
  pass(position: number, at: number): void {
    const edge = { position: position + 1, at };
    if (this.goesBack(edge)) this.lookAtEach(this.state.grants.keys(), edge);
  }

  add(before: AccessState, entry: Entry, after: AccessState): void {
    const edge = { position: entry.position + 1, at: entry.at };
    const goesBack = this.goesBack(edge);
    if (entry.type === 'disclosure.made') this.released(before, entry);
    if (entry.type === 'disclosure.completed') this.completed(entry);
    this.state = after;
    if (goesBack) this.lookAtEach(after.grants.keys(), edge);
    else if (before !== after) this.lookAtEach(this.touchedBy(before, entry, after), edge);
  }

  /** Whether it is earlier than it was: what had run out by then is in force again. */
  private goesBack({ position, at }: Edge): boolean {
    const goesBack = at < this.at;
    this.at = at;
    this.expire(at, position);
    return goesBack;
  }

  private lookAtEach(grants: Iterable<GrantId>, edge: Edge): void {
    for (const id of grants) {
      const grant = this.state.grants.get(id);
      if (grant !== undefined) this.look(this.state, grant, edge);
    }
  }

  end({ at }: Pick<Place, 'at'>) {
    this.expire(at, null);
    for (const [grant, { person, pieces }] of this.live) {
      for (const { since, ...rectangle } of pieces)
        this.rows.could({ person, grant, ...rectangle, since, until: null });
    }
    return this.rows.result();
  }

  /** The grants about which the entry may have changed something: one, unless it was about all of them. */
  private touchedBy(before: AccessState, entry: Entry, after: AccessState): Iterable<GrantId> {
    switch (entry.type) {
      case 'request.made':
      case 'request.rejected':
        return [];
      case 'request.approved':
        return [entry.data.request as string as GrantId];
      case 'grant.revoked':
        return [entry.data.grant];
      case 'disclosure.made':
        return this.isSpent(after, entry) ? [entry.data.grant] : [];
      default:
        return before.grants === after.grants ? [...this.live.keys()] : after.grants.keys();
    }
  }

  /** A release takes from what may be read under its grant, and so ends all of that at once or nothing. */
  private isSpent(after: AccessState, { at, data }: EntryOf<'disclosure.made'>): boolean {
    const grant = after.grants.get(data.grant);
    return grant !== undefined && !opensAnything(this.supposed(after), grant, at);
  }

  /** With the policy that is asked about. */
  private supposed(state: AccessState): AccessState {
    const { policy } = this.asked;
    return policy === undefined ? state : { ...state, policy };
  }

  /** Asks what the grant opens now, ends what it opened and does not any more, and begins what it did not. */
  private look(state: AccessState, grant: Grant, edge: Edge): void {
    const { id, person, expiresAt } = grant;
    const earlier = this.live.get(id)?.pieces ?? [];
    const now = this.clip(person, reachOf(this.supposed(state), grant, edge.at));
    const kept: Piece[] = [];
    for (const piece of earlier) {
      const { since } = piece;
      const lost = now === undefined ? [piece] : without(piece, now);
      for (const { sessions, fields } of lost)
        this.rows.could({ person, grant: id, sessions, fields, since, until: edge });
      const common = now && within(piece, now);
      if (common !== undefined) kept.push({ ...common, since });
    }
    const begun = now === undefined ? [] : earlier.reduce((parts, piece) => parts.flatMap((part) => without(part, piece)), [now]); // prettier-ignore
    const pieces = [...kept, ...begun.map(({ sessions, fields }) => ({ sessions, fields, since: edge }))];
    // A lock may be lifted and a policy widened again; what was revoked or ran out stays so.
    if (grant.revoked !== undefined || !(edge.at < expiresAt)) return void this.live.delete(id);
    this.live.set(id, { person, expiresAt, pieces });
    this.nextExpiry = Math.min(this.nextExpiry, expiresAt);
  }

  private expire(at: number, position: number | null): void {
    if (at < this.nextExpiry) return;
    const over = [...this.live]
      .filter(([, { expiresAt }]) => expiresAt <= at)
      .sort(([, a], [, b]) => a.expiresAt - b.expiresAt);
    for (const [grant, { person, expiresAt, pieces }] of over) {
      const until = { position, at: expiresAt };
      for (const { since, ...rectangle } of pieces) this.rows.could({ person, grant, ...rectangle, since, until });
      this.live.delete(grant);
    }
    this.nextExpiry = [...this.live.values()].reduce((least, { expiresAt }) => Math.min(least, expiresAt), Infinity);
  }

  private released(before: AccessState, entry: EntryOf<'disclosure.made'>): void {
    const { position, at, actor, subject: named, data } = entry;
    const said = releaseSaid(entry);
    const { grant, session, fields } = said;
    const given = before.grants.get(grant);
    const person = actor as PersonId;
    // Whose session it is a quorum has signed; the header has only the service's word.
    const granted = given?.subjects.get(session);
    const subject = granted ?? named ?? null;
    const { filter } = this.asked;
    const isAsked =
      is(filter.person, person) &&
      (subject === null || is(filter.subject, granted) || is(filter.subject, named)) &&
      (session === '' || is(filter.session, session)) &&
      (filter.field === undefined || fields.includes(filter.field));
    if (!isAsked) return;
    const { verdict } = decide(this.supposed(before), { ...data, person, subject: named ?? granted, at });
    const allowed = verdict === 'allow';
    const records = said.records ?? given?.recordsLeft ?? 0;
    this.rows.did({ position, at, person, grant, subject, session, fields, records, allowed });
  }

  private completed(entry: EntryOf<'disclosure.completed'>): void {
    const end = endSaid(entry);
    if (end !== undefined) this.rows.completed(end);
  }

  private clip(person: PersonId, scope: Rectangle | undefined): Rectangle | undefined {
    const { filter } = this.asked;
    if (scope === undefined || !is(filter.person, person)) return undefined;
    const sessions = scope.sessions.filter((one) => is(filter.subject, one.subject) && is(filter.session, one.session));
    const fields = scope.fields.filter((field) => is(filter.field, field));
    return sessions.length === 0 || fields.length === 0 ? undefined : { sessions, fields };
  }
}

const is = <T>(wanted: T | undefined, one: T | undefined) => wanted === undefined || wanted === one;
