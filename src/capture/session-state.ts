import type { SuppressionReason } from '../log/entries.js';
import type { Entry } from '../log/header.js';
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
  /** Sequence numbers that were answered but hold no record. */
  readonly holes: readonly {
    readonly first: number;
    readonly count: number;
    readonly why: SuppressionReason | 'rejected';
  }[];
}

export const emptySession: SessionState = { version: 0, next: 0, keyed: [], holes: [] };

export function evolveSession(state: SessionState, entry: Entry): SessionState {
  const moved = { ...state, version: entry.version + 1 };
  switch (entry.type) {
    case 'session.opened':
      return { ...moved, opened: { subject: entry.subject as SubjectId, format: entry.data.format } };
    case 'session.keyed':
      return { ...moved, keyed: [...state.keyed, hex(entry.data.epoch)] };
    case 'session.batch':
      return { ...moved, next: entry.data.first + entry.data.count };
    case 'records.suppressed':
    case 'records.rejected': {
      const { first, count } = entry.data;
      const why = entry.type === 'records.rejected' ? ('rejected' as const) : entry.data.reason;
      return { ...moved, next: first + count, holes: [...state.holes, { first, count, why }] };
    }
    default:
      return moved;
  }
}

export const isKeyed = (state: SessionState, epoch: Uint8Array): boolean => state.keyed.includes(hex(epoch));

/** How the records `first` to `first + count - 1`, all of them seen before, were answered when they first came. */
export function answeredBefore(state: SessionState, first: number, count: number) {
  const overlap = (hole: { first: number; count: number }) =>
    Math.max(0, Math.min(first + count, hole.first + hole.count) - Math.max(first, hole.first));
  const inHoles = (wanted: (why: string) => boolean) =>
    state.holes.filter(({ why }) => wanted(why)).reduce((sum, hole) => sum + overlap(hole), 0);
  const rejected = inHoles((why) => why === 'rejected');
  const suppressed = inHoles((why) => why !== 'rejected');
  return { duplicate: count - rejected - suppressed, suppressed, rejected };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
