import { decideSealed } from '../capture/decide-sealed.js';
import { emptySession, evolveSession, missingOf, type SessionState } from '../capture/session-state.js';
import { VersionConflict } from '../log/decide-group.js';
import type { Draft, Head, Outcome } from '../log/draft.js';
import type { EntryData, RefusedMessage } from '../log/entries.js';
import type { SessionId } from '../log/ids.js';
import { codeOf, Problem, type ProblemCode } from '../problem.js';
import type { CheckedMessage } from './check-messages.js';
import type { TopicPartition } from './kafka-port.js';

export type Sessions = ReadonlyMap<SessionId, SessionState>;

/** Messages of a partition, those at `from` to `next - 1`, and where the log must be for them to count. */
export interface Span extends TopicPartition {
  readonly from: number;
  readonly next: number;
  /** Of the partition's stream: the position is as this process knows it only if nobody wrote there since. */
  readonly version: number;
}

/** Records by what became of them, and messages refused. */
export interface TakenCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly suppressed: number;
  readonly rejected: number;
  readonly missing: number;
  readonly refused: number;
}

export const partitionStream = ({ topic, partition }: TopicPartition): string => `topic/${topic}/${partition}`;

/**
 * What becomes of messages where the head is: pure. All of it is written with the new position, or nothing: the entry
 * that moves the position stands first and is bound to the version of the partition's stream. A message that is
 * refused leaves its offset and a code there, and the others as they are. Also gives the sessions as they are then.
 */
export function decideMessages(
  head: Head,
  { topic, partition, from, next, version }: Span,
  messages: readonly CheckedMessage[],
  known: Sessions,
): Outcome<TakenCounts> & { readonly sessions: Sessions; readonly refused: readonly RefusedMessage[] } {
  const sessions = new Map<SessionId, SessionState>();
  const entries: Draft[] = [];
  const refused: RefusedMessage[] = [];
  const counts = { accepted: 0, duplicate: 0, suppressed: 0, rejected: 0, missing: 0 };

  for (const message of messages) {
    const { offset } = message;
    if ('refused' in message) {
      refused.push({ offset, code: message.refused });
      continue;
    }
    if ('stored' in message) {
      counts.duplicate += message.stored;
      continue;
    }
    const { session } = message.body;
    const state = sessions.get(session) ?? known.get(session) ?? emptySession;
    const taken = takenOrRefused(head, state, message);
    if (typeof taken === 'string') {
      refused.push({ offset, code: taken });
      continue;
    }
    entries.push(...taken.entries);
    sessions.set(session, taken.state);
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += taken.answer[name];
  }

  const data: EntryData['messages.taken'] = { topic, partition, from, next, refused };
  const moved: Draft = {
    type: 'messages.taken',
    stream: partitionStream({ topic, partition }),
    data,
    expectedVersion: version,
  };
  return { entries: [moved, ...entries], answer: { ...counts, refused: refused.length }, sessions, refused };
}

type Sealed = Extract<CheckedMessage, { source: unknown }>;

function takenOrRefused(
  head: Head,
  state: SessionState,
  { source, body }: Sealed,
): ReturnType<typeof taken> | ProblemCode {
  try {
    return taken(head, state, { source, body });
  } catch (error) {
    if (error instanceof VersionConflict) throw error;
    // Whatever a message brings about is its own: the others must not wait behind it for ever.
    return codeOf(error);
  }
}

/** Nobody can be told to send what is missing: the session goes on, and says what it went on without. */
function taken(head: Head, state: SessionState, { source, body }: Pick<Sealed, 'source' | 'body'>) {
  const { session, subject, first, count } = body;
  if (missingOf(state, first, count) > 0) throw new Problem('records_late');
  const missing = Math.max(0, first - state.next);
  const gap: Draft[] =
    missing === 0
      ? []
      : [
          {
            type: 'records.missing',
            stream: `session/${session}`,
            subject,
            data: { session, first: state.next, count: missing },
            expectedVersion: state.version,
          },
        ];
  const before = evolved(state, gap);
  const { entries, answer } = decideSealed(head, before, source, body);
  const own = [...gap, ...entries].map((entry) => ({ ...entry, actor: source }));
  return { entries: own, answer: { ...answer, missing }, state: evolved(before, entries) };
}

/** As the log will number them: each is the next of its session. */
const evolved = (state: SessionState, drafts: readonly Draft[]): SessionState =>
  drafts.reduce(
    (before, draft) =>
      evolveSession(before, { ...draft, version: before.version } as Parameters<typeof evolveSession>[1]),
    state,
  );
