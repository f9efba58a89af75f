import type { Client } from './client.js';
import { problemOf } from './refusal.js';

const mostInAPost = 500;
const mostBytesInAPost = 2 * 1024 * 1024;
/** Another writer of the same session may move it on a few times, not forever. */
const mostGaps = 5;

export interface RecordToSend {
  readonly time: number;
  readonly data: unknown;
}

export interface Sums {
  readonly session: string;
  readonly accepted: number;
  readonly duplicate: number;
  readonly suppressed: number;
  readonly rejected: number;
  readonly position: number | null;
}

export interface Answer extends Sums {
  readonly next: number;
}

/** Records that need not be in memory at once. */
export interface RecordsToSend {
  readonly count: number;
  /** From this sequence number on; may be asked for more than once. */
  from(sequence: number): AsyncIterable<RecordToSend>;
}

/** Whose records they are, and of what. */
export interface About {
  readonly session: string;
  readonly subject: string;
  readonly format: string;
}

/** Sends one post, whose first record has the sequence number `first`. */
export type Send = (first: number, records: readonly RecordToSend[]) => Promise<Answer>;

/** As they are: the service seals them. */
export const sendPlain =
  (client: Pick<Client, 'post'>, about: About): Send =>
  (first, records) =>
    client.post('/v1/records', { ...about, first, records });

/** Sends all records in order. `onSent` gets how many of them the service has answered for. */
export async function sendRecords(
  session: string,
  records: RecordsToSend,
  send: Send,
  onSent: (sent: number) => void = () => undefined,
): Promise<Sums> {
  let sums: Sums = { session, accepted: 0, duplicate: 0, suppressed: 0, rejected: 0, position: null };
  let gaps = 0;
  for (let first = 0; first < records.count;) {
    try {
      for await (const post of posts(records.from(first))) {
        sums = add(sums, await send(first, post));
        first += post.length;
        onSent(first);
      }
      // Were it fewer than were counted, the file changed under us: what is there has been sent.
      return sums;
    } catch (error) {
      const expected = expectedInstead(error, records.count);
      gaps += 1;
      if (expected === undefined || expected === first || gaps > mostGaps) throw error;
      first = expected;
      onSent(first);
    }
  }
  return sums;
}

async function* posts(records: AsyncIterable<RecordToSend>): AsyncGenerator<readonly RecordToSend[]> {
  let post: RecordToSend[] = [];
  let bytes = 0;
  for await (const record of records) {
    const recordBytes = Buffer.byteLength(JSON.stringify(record)) + 1;
    // At least one: whether a record is too large for the service is the service's to say.
    if (post.length === mostInAPost || (post.length > 0 && bytes + recordBytes > mostBytesInAPost)) {
      yield post;
      post = [];
      bytes = 0;
    }
    post.push(record);
    bytes += recordBytes;
  }
  if (post.length > 0) yield post;
}

const add = (sums: Sums, answer: Answer): Sums => ({
  session: sums.session,
  accepted: sums.accepted + answer.accepted,
  duplicate: sums.duplicate + answer.duplicate,
  suppressed: sums.suppressed + answer.suppressed,
  rejected: sums.rejected + answer.rejected,
  position: answer.position ?? sums.position,
});

/** Where to go on after `sequence_gap`, or where what is sealed cannot be cut. Undefined: it is another error, or a place that this file does not have. */
function expectedInstead(error: unknown, count: number): number | undefined {
  const problem = problemOf(error);
  const expected = (problem as { expected?: unknown } | undefined)?.expected;
  const isPlace = problem?.code === 'sequence_gap' || problem?.code === 'sequence_overlap';
  if (!isPlace || !Number.isSafeInteger(expected)) return undefined;
  return (expected as number) >= 0 && (expected as number) < count ? (expected as number) : undefined;
}
