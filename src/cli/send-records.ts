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

/** Sends all records in order. `onSent` gets how many of them the service has answered for. */
export async function sendRecords(
  client: Pick<Client, 'post'>,
  about: { readonly session: string; readonly subject: string; readonly format: string },
  records: readonly RecordToSend[],
  onSent: (sent: number) => void = () => undefined,
): Promise<Sums> {
  let sums: Sums = { session: about.session, accepted: 0, duplicate: 0, suppressed: 0, rejected: 0, position: null };
  let gaps = 0;
  for (let first = 0; first < records.length;) {
    const post = nextPost(records, first);
    try {
      const answer = await client.post<Answer>('/v1/records', { ...about, first, records: post });
      sums = add(sums, answer);
      first += post.length;
    } catch (error) {
      const expected = expectedAfterGap(error, records.length);
      gaps += 1;
      if (expected === undefined || expected === first || gaps > mostGaps) throw error;
      first = expected;
    }
    onSent(first);
  }
  return sums;
}

function nextPost(records: readonly RecordToSend[], first: number): readonly RecordToSend[] {
  let bytes = 0;
  let end = first;
  while (end < records.length && end - first < mostInAPost) {
    bytes += Buffer.byteLength(JSON.stringify(records[end])) + 1;
    // At least one: whether a record is too large for the service is the service's to say.
    if (bytes > mostBytesInAPost && end > first) break;
    end += 1;
  }
  return records.slice(first, end);
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
