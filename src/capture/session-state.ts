import { List } from 'immutable';
import type { EntryType, SuppressionReason } from '../log/entries.js';
import type { EntryOf } from '../log/header.js';
import type { SubjectId } from '../log/ids.js';

/** What a session's stream says: folded from its entries, never stored. */
export interface SessionState {
  /** Entries in the stream, and so the version of the next one. */
  readonly version: number;
  /** Absent until a first record was stored. */
  readonly opened?: { readonly subject: SubjectId; readonly format: string };
  /** Sequence number of the next record. */
  readonly next: number;
  /** Epochs whose session key is in the log, in hex. */
  readonly keyed: readonly string[];
  /** Sequence numbers that were answered but hold no record. A pause makes one, however many posts come meanwhile. */
  readonly holes: List<Hole>;
}

interface Hole {
  readonly first: number;
  readonly count: number;
  readonly why: SuppressionReason | 'rejected' | 'missing';
}

export const emptySession: SessionState = { version: 0, next: 0, keyed: [], holes: List() };

/** What of an entry is folded: a draft at its place has it before it is an entry. */
type Told = { [T in EntryType]: Pick<EntryOf<T>, 'type' | 'version' | 'subject' | 'data'> }[EntryType];

export function evolveSession(state: SessionState, entry: Told): SessionState {
  const moved = { ...state, version: entry.version + 1 };
  switch (entry.type) {
    case 'session.opened':
      return { ...moved, opened: { subject: entry.subject as SubjectId, format: entry.data.format } };
    case 'session.keyed':
      return { ...moved, keyed: [...state.keyed, hex(entry.data.epoch)] };
    case 'session.batch':
      return { ...moved, next: entry.data.first + entry.data.count };
    case 'records.suppressed':
    case 'records.rejected':
    case 'records.missing': {
      const { first, count } = entry.data;
      const why = entry.type === 'records.suppressed' ? entry.data.reason : whyOf[entry.type];
      return { ...moved, next: first + count, holes: withHole(state.holes, { first, count, why }) };
    }
    default:
      return moved;
  }
}

function withHole(holes: List<Hole>, hole: Hole): List<Hole> {
  const last = holes.last();
  return last?.why === hole.why && last.first + last.count === hole.first
    ? holes.set(-1, { ...last, count: last.count + hole.count })
    : holes.push(hole);
}

const whyOf = { 'records.rejected': 'rejected', 'records.missing': 'missing' } as const;

export const isKeyed = (state: SessionState, epoch: Uint8Array): boolean => state.keyed.includes(hex(epoch));

/** How the records `first` to `first + count - 1`, all of them seen before, were answered when they first came. */
export function answeredBefore(state: SessionState, first: number, count: number) {
  const suppressed = inHoles(state, { first, count }, (why) => why !== 'rejected' && why !== 'missing');
  // What came too late is not stored either.
  const rejected = inHoles(state, { first, count }, (why) => why === 'rejected' || why === 'missing');
  return { duplicate: count - rejected - suppressed, suppressed, rejected };
}

/** How many of them the session has gone on without. */
export const missingOf = (state: SessionState, first: number, count: number): number =>
  inHoles(state, { first, count }, (why) => why === 'missing');

type Span = Pick<Hole, 'first' | 'count'>;

const inHoles = ({ holes }: SessionState, span: Span, wanted: (why: Hole['why']) => boolean): number =>
  span.count === 0 ? 0 : holes.reduce((sum, hole) => sum + (wanted(hole.why) ? overlapOf(hole, span) : 0), 0);

/** How many sequence numbers both have. */
export const overlapOf = (one: Span, other: Span): number =>
  Math.max(0, Math.min(one.first + one.count, other.first + other.count) - Math.max(one.first, other.first));

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
