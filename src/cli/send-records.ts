import { Problem } from '../problem.js';
import type { Client } from './client.js';
import { Refusal } from './refusal.js';

const mostInAPost = 500;
const mostBytesInAPost = 4 * 1024 * 1024;
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

interface Answer extends Sums {
  readonly next: number;
}

/** Records that need not be in memory at once. */
export interface RecordsToSend {
  readonly count: number;
  /** From this sequence number on; may be asked for more than once. */
  from(sequence: number): AsyncIterable<RecordToSend>;
}

/** Sends all records in order. `onSent` gets how many of them the service has answered for. */
export async function sendRecords(
  client: Pick<Client, 'post'>,
  about: { readonly session: string; readonly subject: string; readonly format: string },
  records: RecordsToSend,
  onSent: (sent: number) => void = () => undefined,
): Promise<Sums> {
  let sums: Sums = { session: about.session, accepted: 0, duplicate: 0, suppressed: 0, rejected: 0, position: null };
  let gaps = 0;
  for (let first = 0; first < records.count;) {
    try {
      for await (const post of posts(records.from(first))) {
        const answer = await client.post<Answer>('/v1/records', { ...about, first, records: post });
        sums = add(sums, answer);
        first += post.length;
        onSent(first);
      }
      // Were it fewer than were counted, the file changed under us: what is there has been sent.
      return sums;
    } catch (error) {
      const expected = expectedAfterGap(error, records.count);
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

/** Where to go on after `sequence_gap`. Undefined: it is another error, or a place that this file does not have. */
function expectedAfterGap(error: unknown, count: number): number | undefined {
  const problem = error instanceof Refusal ? error.body : error instanceof Problem ? error.toJSON() : undefined;
  const expected = (problem as { expected?: unknown } | undefined)?.expected;
  if (problem?.code !== 'sequence_gap' || !Number.isSafeInteger(expected)) return undefined;
  return (expected as number) >= 0 && (expected as number) < count ? (expected as number) : undefined;
}
