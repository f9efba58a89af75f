import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { z } from 'zod';
import { SubjectKeys } from '../keys/subject-keys.js';
import { type CommandId, type PersonId, SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import type { ProblemCode } from '../problem.js';
import { suppression } from './consent.js';
import { asOne, decidePosts, freshOf, type Fresh, type SealedForLog } from './decide-records.js';
import type { Parts } from './formats/format.js';
import { formatOf } from './formats/formats.js';
import { GatheredPosts, weightOf, type Post } from './gather-posts.js';
import { OpenSessions, type OpenSession } from './open-sessions.js';
import { sealedBytesOf } from './sealed-bytes.js';
import { sealRecords } from './seal-records.js';
import { decomposeAll, inPlaces, raiseAll, type Taken } from './take-apart.js';
import { SEAL_WITHIN_MS } from './seal-within.js';
import { SessionWriter, type IngestedAt } from './write-session.js';
import { mostTime } from './formats/record-time.js';

const mostInAPost = 5000;

/**
 * Records of one session, in order. `first` is the sequence number of the first of them, from 0; or `end`, which a
 * retry is told from a second sending of by its Idempotency-Key alone.
 */
export const IngestBody = z.strictObject({
  session: SessionId,
  subject: SubjectId,
  format: z.string().max(32),
  first: z.union([z.int().min(0), z.literal('end')]),
  records: z
    .array(z.strictObject({ time: z.int().min(0).max(mostTime), data: z.unknown() }))
    .min(1)
    .max(mostInAPost),
});
export type IngestBody = z.infer<typeof IngestBody>;

export class IngestRecords extends Command<IngestedAt> {
  constructor(
    readonly commandId: CommandId,
    readonly source: PersonId,
    readonly body: IngestBody,
  ) {
    super();
  }
}

/** As the service takes it apart as soon as it comes. */
interface PlainPost extends Post {
  readonly times: readonly number[];
  readonly decomposed: readonly (Parts | ProblemCode)[];
}

@CommandHandler(IngestRecords)
export class IngestRecordsHandler implements ICommandHandler<IngestRecords> {
  private readonly writer: SessionWriter;
  private readonly gathered: GatheredPosts<PlainPost, IngestedAt>;

  constructor(
    private readonly log: Log,
    private readonly sessions: OpenSessions,
    private readonly subjectKeys: SubjectKeys,
    @Inject(SEAL_WITHIN_MS) sealWithinMs?: number,
  ) {
    this.writer = new SessionWriter(log, sessions);
    this.gathered = new GatheredPosts((posts) => this.write(posts), sealWithinMs);
  }

  async execute({ commandId, source, body }: IngestRecords): Promise<IngestedAt> {
    const { records, ...about } = body;
    const data = records.map((record) => record.data);
    const decomposed = decomposeAll(data, formatOf(body.format));
    const times = records.map(({ time }) => time);
    const [count, weight] = [records.length, weightOf(decomposed)];
    return this.gathered.add({ commandId, source, ...about, count, weight, times, decomposed });
  }

  /** Everything that costs (decompose, compress, seal) is done before the head is taken. */
  private write(posts: readonly PlainPost[]): Promise<readonly IngestedAt[]> {
    const whole = asOne(posts);
    const format = formatOf(whole.format);
    // `flatMap` takes 0.1 µs a record.
    const decomposed = ([] as PlainPost['decomposed'][number][]).concat(...posts.map((post) => post.decomposed));
    const times = ([] as number[]).concat(...posts.map((post) => post.times));
    return this.writer.write(posts, async (open) => {
      const taken = await raiseAll(decomposed, format, open.inputs);
      return async ({ state }) => {
        const sealed = await this.seal({ ...whole, times }, open, taken, freshOf(state, whole));
        return {
          decide: (head) => decidePosts(head, state, posts, sealed),
          sealedBytes: sealedBytesOf(sealed?.batches),
        };
      };
    });
  }

  /** Undefined while the subject's records are suppressed: then not even a key is made. */
  private async seal(
    { session, subject, times }: Pick<PlainPost, 'session' | 'subject' | 'times'>,
    open: OpenSession,
    taken: readonly Taken[],
    { first, from }: Fresh,
  ): Promise<SealedForLog | undefined> {
    const { good, problems } = inPlaces(taken, (index) => times[index] as number, { first, from });
    if (suppression(this.log.state, subject, Date.now()) !== undefined) return undefined;
    const key = await this.subjectKeys.of(subject);
    if (key === undefined) return undefined;
    const epoch = this.sessions.epochFor(open, key);
    const { batches, refused } = sealRecords(good, { origin: this.log.origin, session, subject, epoch });
    const unstorable = refused.map((sequence) => ({ index: sequence - first, code: 'record_unstorable' as const }));
    const all = [...problems, ...unstorable].sort((one, other) => one.index - other.index);
    const { id, keyId, sealedKey } = epoch;
    const rejected = all.map(({ index }) => ({ first: first + index, count: 1 }));
    return { epoch: { id, keyId, sealedKey }, batches, rejected, problems: all };
  }
}
