import { hash } from 'node:crypto';
import { sealedBytesOf } from '../capture/sealed-bytes.js';
import { VersionConflict } from '../log/decide-group.js';
import type { RefusedMessage } from '../log/entries.js';
import type { CommandId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { Unstorable } from '../log/write-and-commit.js';
import { Problem, type ProblemCode } from '../problem.js';
import { checkMessages, type CheckedMessage } from './check-messages.js';
import { decideMessages, partitionStream, type Sessions, type Span, type TakenCounts } from './decide-messages.js';
import type { IncomingMessage, TopicPartition } from './kafka-port.js';
import { SessionStates } from './session-states.js';

/** Where a partition goes on, as the log says it. */
interface Position {
  /** Offset of the next message. */
  readonly next: number;
  /** Of the partition's stream, which whoever moves the position must be at. */
  readonly version: number;
  /** Refused by the command that moved it last, and perhaps not told of yet. */
  readonly untold: readonly RefusedMessage[];
}

/** Whoever hears what became of messages, once it is durable. */
export interface TakenListener {
  /** At least once for each that is refused, before anything of the partition is taken behind it. */
  refused(of: TopicPartition, refused: readonly RefusedMessage[]): Promise<void>;
  /** At most once. */
  taken(of: TopicPartition, counts: TakenCounts): void;
}

/** What the log cannot do just now, or Kafka. */
const passing: readonly ProblemCode[] = ['log_busy', 'log_unavailable', 'outcome_unknown', 'kafka_unavailable'];

/** Whether the same messages may well be taken a little later, from the position that the log has then. */
export const isPassing = (error: unknown): boolean =>
  error instanceof VersionConflict || (error instanceof Problem && passing.includes(error.code));

/** One of the messages is more than the log can hold, or to encode. */
const isOfAMessage = (error: unknown): boolean =>
  error instanceof Unstorable ||
  error instanceof TypeError ||
  (error instanceof Problem && error.code === 'entry_too_large');

/**
 * One partition, taken message by message in its order. The position is the log's: it moves in the command that writes
 * what the messages brought, from exactly where this process knew it, or nothing is written. So of two that take the
 * same partition one waits for nobody and the other is refused, and messages that come again are passed over.
 */
export class TakenPartition {
  private known: Position | undefined;
  private readonly sessions: SessionStates;

  constructor(
    private readonly log: Log,
    private readonly of: TopicPartition,
    private readonly listener: TakenListener,
  ) {
    this.sessions = new SessionStates(log);
  }

  /** Read from the log if it is not known. @throws Problem log_unavailable, log_corrupt */
  async position(): Promise<Position> {
    this.known ??= await this.read();
    return this.known;
  }

  /** Whatever was known may be wrong: after a failure, or when somebody else has written. */
  forget(): void {
    this.known = undefined;
    this.sessions.forget();
  }

  /**
   * The broker has deleted everything below `low`: says so in the log, and goes on there. Returns how many.
   * @throws as `take`
   */
  async goOnFrom(low: number): Promise<number> {
    // The entry that is written now stands before the one that names them, and only the last is read.
    await this.tell();
    const { next: from, version } = await this.position();
    if (low <= from) return 0;
    const { topic, partition } = this.of;
    const stream = partitionStream(this.of);
    const data = { topic, partition, from, next: low };
    await this.log.append(this.command('lost', from, low), () => ({
      entries: [{ type: 'messages.lost', stream, data, expectedVersion: version }],
      answer: null,
    }));
    this.forget();
    return low - from;
  }

  /**
   * Takes these messages in one command; those below the position are passed over. One that the log cannot hold is
   * found by halves, and refused.
   * @throws VersionConflict if somebody else has moved the position or a session; Problem: as `Log.append`; whatever
   *   the listener throws. Then `forget`, and the same again.
   */
  async take(messages: readonly IncomingMessage[]): Promise<void> {
    await this.tell();
    const { next } = await this.position();
    const fresh = messages.filter(({ offset }) => offset >= next);
    if (fresh.length > 0) await this.takeChecked(await checkMessages(this.log, fresh));
  }

  private async takeChecked(messages: readonly CheckedMessage[]): Promise<void> {
    try {
      await this.append(messages);
    } catch (error) {
      if (!isOfAMessage(error)) throw error;
      const [first, ...others] = messages as [CheckedMessage, ...CheckedMessage[]];
      if (others.length === 0) return this.append([refusedFor(first, error)]);
      const half = Math.ceil(messages.length / 2);
      await this.takeChecked(messages.slice(0, half));
      await this.takeChecked(messages.slice(half));
    }
  }

  private async append(messages: readonly CheckedMessage[]): Promise<void> {
    const { next: from, version } = await this.position();
    const next = (messages.at(-1)?.offset ?? from) + 1;
    const span: Span = { ...this.of, from, next, version };
    const bodies = messages.flatMap((message) => ('body' in message ? [message.body] : []));
    const known = await this.sessions.of(bodies.map(({ session }) => session));
    const command = this.command('taken', from, next, sealedBytesOf(bodies.flatMap(({ sealed }) => sealed.batches)));
    // As of the decision that was written: the last one that was made.
    let left: { readonly sessions: Sessions; readonly refused: readonly RefusedMessage[] } | undefined;
    const committed = await this.log.append(command, (head) => {
      const { entries, answer, sessions, refused } = decideMessages(head, span, messages, known);
      left = { sessions, refused };
      return { entries, answer };
    });
    // Durable. If we stop here, whoever takes the partition over reads the position from the log, and tells of the refused.
    if (committed.repeated || left === undefined) this.forget();
    else {
      this.sessions.adopt(left.sessions);
      this.known = { next, version: version + 1, untold: left.refused };
      this.listener.taken(this.of, committed.answer);
    }
    await this.tell();
  }

  private async tell(): Promise<void> {
    const { untold, ...position } = await this.position();
    if (untold.length > 0) await this.listener.refused(this.of, untold);
    this.known = { ...position, untold: [] };
  }

  private command(what: 'taken' | 'lost', from: number, next: number, sealedBytes = 0) {
    const { topic, partition } = this.of;
    const intent = [what, topic, partition, from, next];
    const id = `topic-${hash('sha256', JSON.stringify(intent), 'hex')}` as CommandId;
    return writeCommand(id, 'custos', intent, sealedBytes);
  }

  private async read(): Promise<Position> {
    const last = await this.log.provenLastOf(partitionStream(this.of));
    if (last === undefined) return { next: 0, version: 0, untold: [] };
    if (last.type !== 'messages.taken' && last.type !== 'messages.lost')
      throw new Problem('log_corrupt', { position: last.position });
    const untold = last.type === 'messages.taken' ? last.data.refused : [];
    return { next: last.data.next, version: last.version + 1, untold };
  }
}

/** A code, and nothing of what was thrown: it may hold a value of the message. */
function refusedFor({ offset }: CheckedMessage, error: unknown): CheckedMessage {
  return { offset, refused: error instanceof Problem ? error.code : 'record_unstorable' };
}
