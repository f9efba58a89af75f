import { subjectsKey } from '../keys/subjects.js';
import { VersionConflict } from '../log/decide-group.js';
import type { Draft, Head, Outcome } from '../log/draft.js';
import type { EntryData } from '../log/entries.js';
import type { SessionId, SubjectId } from '../log/ids.js';
import { Problem, type ProblemCode } from '../problem.js';
import { suppression } from './consent.js';
import { answeredBefore, isKeyed, overlapOf, type SessionState } from './session-state.js';

/** Records of a session, whether they are sealed yet or not. */
export interface Records {
  readonly session: SessionId;
  readonly subject: SubjectId;
  readonly format: string;
  /** Sequence number of the first of them, or after whatever is there. */
  readonly first: number | 'end';
  readonly count: number;
}

/** Where the new ones begin: those before `from` have been answered for. */
export interface Fresh {
  readonly first: number;
  readonly from: number;
}

/** The new ones, as they will stand in the log. */
export interface SealedForLog {
  readonly epoch: Omit<EntryData['session.keyed'], 'session' | 'epoch'> & { readonly id: Uint8Array };
  readonly batches: readonly Draft<'session.batch'>[];
  readonly rejected: readonly { readonly first: number; readonly count: number }[];
  readonly problems: Ingested['problems'];
}

export interface Ingested {
  readonly session: SessionId;
  readonly accepted: number;
  readonly duplicate: number;
  readonly suppressed: number;
  readonly rejected: number;
  /** Sequence number to go on with. */
  readonly next: number;
  readonly problems: readonly { readonly index: number; readonly code: ProblemCode }[];
}

/** @throws Problem session_conflict, sequence_gap */
export function freshOf({ opened, next }: SessionState, { subject, format, count, ...records }: Records): Fresh {
  if (opened !== undefined && (opened.subject !== subject || opened.format !== format)) {
    throw new Problem('session_conflict');
  }
  const first = records.first === 'end' ? next : records.first;
  if (first > next) throw new Problem('sequence_gap', { expected: next });
  return { first, from: Math.min(next, first + count) };
}

/** Of several posts that follow on one another, all records. */
export function asOne(posts: readonly Records[]): Records {
  const { session, subject, format, first } = posts[0] as Records;
  return { session, subject, format, first, count: posts.reduce((sum, { count }) => sum + count, 0) };
}

/**
 * What becomes of records where the head is, in a session of this state: pure. `sealed` is undefined if they were sealed
 * for nobody. The first entry is bound to the state's version, so that a state which has moved on writes nothing.
 * @throws Problem as `freshOf`; VersionConflict if they must be sealed anew, to another key or at all.
 */
export function decideRecords(
  head: Head,
  state: SessionState,
  records: Records,
  sealed: SealedForLog | undefined,
): Outcome<Ingested> {
  const { entries, answer } = decidePosts(head, state, [records], sealed);
  return { entries, answer: answer[0] as Ingested };
}

/** The same for posts that follow on one another and were sealed as one: each has an answer of its own. */
export function decidePosts(
  head: Head,
  state: SessionState,
  posts: readonly Records[],
  sealed: SealedForLog | undefined,
): Outcome<readonly Ingested[]> {
  const records = asOne(posts);
  const { session, subject, count } = records;
  const { first, from } = freshOf(state, records);
  const fresh = first + count - from;
  const answers = (isSuppressed: boolean) =>
    posts.map((post) => answerOf(state, post, { first, isSuppressed, sealed }));
  if (fresh === 0) return { entries: [], answer: answers(false) };

  const reason = suppression(head, subject, head.at);
  const stream = `session/${session}`;
  const expectedVersion = state.version;
  if (reason !== undefined) {
    const data = { session, first: from, count: fresh, reason };
    const entry: Draft = { type: 'records.suppressed', stream, subject, data, expectedVersion };
    return { entries: [entry], answer: answers(true) };
  }
  // Sealed for nobody: consent came back, or the subject's key was made, since we looked.
  if (sealed === undefined || !isSealedTo(head, subject, sealed)) throw new VersionConflict();
  const { batches, rejected } = sealed;
  const entries = [
    ...openingEntries(records, state, sealed.epoch),
    ...inOrder(
      batches,
      joined(rejected).map((span) => ({ type: 'records.rejected', stream, subject, data: { session, ...span } })),
    ),
  ];
  entries[0] = { ...(entries[0] as Draft), expectedVersion };
  return { entries, answer: answers(false) };
}

interface Fate {
  /** Sequence number of the first record that was sealed with these. */
  readonly first: number;
  readonly isSuppressed: boolean;
  readonly sealed: Pick<SealedForLog, 'rejected' | 'problems'> | undefined;
}

/** How a post is answered: for what is new of it by what becomes of it, for all else as it was before. */
function answerOf(state: SessionState, post: Records, { first: origin, isSuppressed, sealed }: Fate): Ingested {
  const first = post.first === 'end' ? state.next : post.first;
  const end = first + post.count;
  const from = Math.min(Math.max(first, state.next), end);
  const before = answeredBefore(state, first, from - first);
  const answer = { session: post.session, ...before, accepted: 0, next: Math.max(state.next, end), problems: [] };
  if (isSuppressed) return { ...answer, suppressed: before.suppressed + end - from };
  const { rejected = [], problems = [] } = sealed ?? {};
  const refused = rejected.reduce((sum, span) => sum + overlapOf(span, { first: from, count: end - from }), 0);
  const own = problems.map(({ index, code }) => ({ index: origin + index - first, code }));
  return {
    ...answer,
    accepted: end - from - refused,
    rejected: before.rejected + refused,
    problems: own.filter(({ index }) => index >= 0 && index < post.count),
  };
}

function openingEntries(
  { session, subject, format }: Records,
  state: SessionState,
  { id, ...key }: SealedForLog['epoch'],
): Draft[] {
  const stream = `session/${session}`;
  const opened: Draft = { type: 'session.opened', stream, subject, data: { session, format } };
  const keyed: Draft = { type: 'session.keyed', stream, subject, data: { session, epoch: id, ...key } };
  return [...(state.opened === undefined ? [opened] : []), ...(isKeyed(state, id) ? [] : [keyed])];
}

/** By sequence number, since the last entry of a stream says what comes next. */
const inOrder = (batches: readonly Draft<'session.batch'>[], rejected: readonly Draft<'records.rejected'>[]): Draft[] =>
  [...batches, ...rejected].sort((a, b) => a.data.first - b.data.first);

/** Those that follow on one another are one: a small post of bad records must not make an entry of each. */
function joined(spans: SealedForLog['rejected']): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const { first, count } of [...spans].sort((a, b) => a.first - b.first)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === first) last.count += count;
    else runs.push({ first, count });
  }
  return runs;
}

function isSealedTo(head: Head, subject: SubjectId, { epoch }: SealedForLog): boolean {
  const state = head.of(subjectsKey).get(subject);
  return state?.kind === 'registered' && state.keyId === epoch.keyId;
}
