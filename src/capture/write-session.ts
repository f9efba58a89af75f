import { subjectsKey } from '../keys/subjects.js';
import { VersionConflict } from '../log/decide-group.js';
import type { Draft, Head, Outcome } from '../log/draft.js';
import type { EntryData } from '../log/entries.js';
import type { CommandId, PersonId, SessionId, SubjectId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import type { Written } from '../log/written.js';
import { Problem, type ProblemCode } from '../problem.js';
import { suppression } from './consent.js';
import type { OpenSession, OpenSessions } from './open-sessions.js';
import { answeredBefore, isKeyed } from './session-state.js';

const attempts = 8;

/** Records that a source hands in for a session, whether they are sealed yet or not. */
export interface HandedIn {
  readonly commandId: CommandId;
  readonly source: PersonId;
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
  /** Whether this may still be stored, where the head is. If not, it is sealed anew, or refused for a reason. */
  readonly stands?: (head: Head) => boolean;
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
export type IngestedAt = Ingested & Pick<Written, 'receipts'> & { position: number | null };

/** Undefined: for nobody, since the records of this subject are suppressed. */
export type Seal = (open: OpenSession, fresh: Fresh) => Promise<SealedForLog | undefined>;

/** Stores records in their order, once each, if their subject consents where the head is; and answers for each of them. */
export class SessionWriter {
  constructor(
    private readonly log: Log,
    private readonly sessions: OpenSessions,
  ) {}

  /** `prepare` is called once, when it is this writer's turn; what it returns, for each attempt. */
  async write(handedIn: HandedIn, prepare: (open: OpenSession) => Promise<Seal>): Promise<IngestedAt> {
    const { session } = handedIn;
    return this.sessions.inTurn(session, async (open) => {
      const seal = await prepare(open);
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        try {
          return await this.attempt(handedIn, open, seal);
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          await this.sessions.refresh(session, open);
        }
      }
      throw new Problem('session_contended', { retryAfterSeconds: 1 });
    });
  }

  private async attempt(handedIn: HandedIn, open: OpenSession, seal: Seal): Promise<IngestedAt> {
    const { commandId, source, session, subject, count } = handedIn;
    const { opened, next, version } = open.state;
    const first = handedIn.first === 'end' ? next : handedIn.first;
    if (opened !== undefined && (opened.subject !== subject || opened.format !== handedIn.format)) {
      throw new Problem('session_conflict');
    }
    if (first > next) throw new Problem('sequence_gap', { expected: next });
    const seen = Math.min(next - first, count);
    const fresh = count - seen;
    const before = answeredBefore(open.state, first, seen);
    const sealed = await seal(open, { first, from: first + seen });
    const { batches = [], rejected = [], problems = [] } = sealed ?? {};

    const committed = await this.log.append(
      writeCommand(commandId, source, intentOf(handedIn), sealedBytesOf(batches)),
      (head): Outcome<Ingested> => {
        const answer: Ingested = { session, ...before, accepted: 0, next: Math.max(next, first + count), problems };
        if (fresh === 0) return { entries: [], answer };
        const reason = suppression(head, subject, head.at);
        const stream = `session/${session}`;
        if (reason !== undefined) {
          const data = { session, first: first + seen, count: fresh, reason };
          const entry: Draft = { type: 'records.suppressed', stream, subject, data, expectedVersion: version };
          return { entries: [entry], answer: { ...answer, problems: [], suppressed: before.suppressed + fresh } };
        }
        // Sealed for nobody: consent came back, or the subject's key was made, since we looked.
        if (sealed === undefined || !isSealedTo(head, subject, sealed) || sealed.stands?.(head) === false) {
          throw new VersionConflict();
        }
        const entries = [
          ...openingEntries(handedIn, open, sealed.epoch),
          ...inOrder(
            batches,
            rejected.map((records) => ({ type: 'records.rejected', stream, subject, data: { session, ...records } })),
          ),
        ];
        entries[0] = { ...(entries[0] as Draft), expectedVersion: version };
        return {
          entries,
          answer: {
            ...answer,
            accepted: recordsIn(batches.map(({ data }) => data)),
            rejected: before.rejected + recordsIn(rejected),
          },
        };
      },
    );
    await this.sessions.refresh(session, open);
    // Nothing new is nothing written: then there is no position and no receipt.
    const { answer, positions } = committed;
    return { ...answer, position: positions.at(-1) ?? null, receipts: await committed.receipts() };
  }
}

function openingEntries(
  { session, subject, format }: HandedIn,
  { state }: OpenSession,
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

function isSealedTo(head: Head, subject: SubjectId, { epoch }: SealedForLog): boolean {
  const state = head.of(subjectsKey).get(subject);
  return state?.kind === 'registered' && state.keyId === epoch.keyId;
}

const recordsIn = (spans: readonly { count: number }[]): number => spans.reduce((sum, { count }) => sum + count, 0);

const sealedBytesOf = (batches: readonly Draft[]): number =>
  batches.reduce((sum, { columns = [] }) => columns.reduce((all, column) => all + column.sealed.length, sum), 0);

/** What was meant, without the content: the same sequence numbers are the same records. */
const intentOf = ({ session, subject, format, first, count }: HandedIn) => [session, subject, format, first, count];
