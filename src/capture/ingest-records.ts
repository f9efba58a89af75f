import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { z } from 'zod';
import { SubjectKeys } from '../keys/subject-keys.js';
import { subjectsKey } from '../keys/subjects.js';
import { Log } from '../log/log.js';
import { VersionConflict } from '../log/decide-group.js';
import type { Draft, Head, Outcome } from '../log/draft.js';
import { type CommandId, type PersonId, SessionId, SubjectId } from '../log/ids.js';
import { writeCommand } from '../log/write-command.js';
import type { Written } from '../log/written.js';
import { Problem, type ProblemCode } from '../problem.js';
import { checkJsonData } from '../sealing/json-data.js';
import { suppression } from './consent.js';
import { raiseRecords, type RaisedRecord } from './detection/raise.js';
import type { Format, Json, Parts } from './formats/format.js';
import { formatOf } from './formats/formats.js';
import { OpenSessions, type Epoch, type OpenSession } from './open-sessions.js';
import { sealRecords, type RecordToSeal } from './seal-records.js';
import { answeredBefore, isKeyed } from './session-state.js';

const mostInAPost = 5000;
/** Of what sources packed inside of records; half of what a sealed column may hold. */
const mostUnpackedBytesInAPost = 32 * 1024 * 1024;
const attempts = 8;

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
    .array(z.strictObject({ time: z.int().min(0).max(253_402_300_799_999), data: z.unknown() }))
    .min(1)
    .max(mostInAPost),
});
export type IngestBody = z.infer<typeof IngestBody>;

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

export class IngestRecords extends Command<Ingested & Pick<Written, 'receipts'> & { position: number | null }> {
  constructor(
    readonly commandId: CommandId,
    readonly source: PersonId,
    readonly body: IngestBody,
  ) {
    super();
  }
}

@CommandHandler(IngestRecords)
export class IngestRecordsHandler implements ICommandHandler<IngestRecords> {
  constructor(
    private readonly log: Log,
    private readonly sessions: OpenSessions,
    private readonly subjectKeys: SubjectKeys,
  ) {}

  /** Everything that costs (decompose, compress, seal) is done before the head is taken. */
  async execute({ commandId, source, body }: IngestRecords) {
    const format = formatOf(body.format);
    const budget = { bytes: mostUnpackedBytesInAPost };
    const decomposed = body.records.map(({ data }) => decomposeOne(data, (good) => format.decompose(good, budget)));
    return this.sessions.inTurn(body.session, async (open) => {
      const raised = await raiseAll(decomposed, format, open);
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        try {
          return await this.attempt({ commandId, source, body }, raised, open);
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          await this.sessions.refresh(body.session, open);
        }
      }
      throw new Problem('session_contended', { retryAfterSeconds: 1 });
    });
  }

  private async attempt(
    { commandId, source, body }: Pick<IngestRecords, 'commandId' | 'source' | 'body'>,
    decomposed: readonly (RaisedRecord | ProblemCode)[],
    open: OpenSession,
  ) {
    const { session, subject } = body;
    const { opened, next, version } = open.state;
    const first = body.first === 'end' ? next : body.first;
    if (opened !== undefined && (opened.subject !== subject || opened.format !== body.format)) {
      throw new Problem('session_conflict');
    }
    if (first > next) throw new Problem('sequence_gap', { expected: next });

    const seen = Math.min(next - first, body.records.length);
    const records: RecordToSeal[] = [];
    const problems: { index: number; code: ProblemCode }[] = [];
    for (let index = seen; index < decomposed.length; index += 1) {
      const one = decomposed[index] as RaisedRecord | ProblemCode;
      if (typeof one === 'string') problems.push({ index, code: one });
      else records.push({ sequence: first + index, time: body.records[index]?.time as number, ...one });
    }
    const fresh = body.records.length - seen;
    const before = answeredBefore(open.state, first, seen);
    const sealed = await this.seal(body, open, records);
    const refused = sealed?.refused ?? [];
    problems.push(...refused.map((sequence) => ({ index: sequence - first, code: 'record_unstorable' as const })));
    problems.sort((one, other) => one.index - other.index);

    const committed = await this.log.append(
      writeCommand(commandId, source, intentOf(body), sealedBytesOf(sealed?.batches ?? [])),
      (head): Outcome<Ingested> => {
        const answer: Ingested = {
          session,
          ...before,
          accepted: 0,
          next: Math.max(next, first + body.records.length),
          problems,
        };
        if (fresh === 0) return { entries: [], answer };
        const reason = suppression(head, subject, head.at);
        const stream = `session/${session}`;
        if (reason !== undefined) {
          const data = { session, first: first + seen, count: fresh, reason };
          const entry: Draft = { type: 'records.suppressed', stream, subject, data, expectedVersion: version };
          return { entries: [entry], answer: { ...answer, problems: [], suppressed: before.suppressed + fresh } };
        }
        // Sealed for nobody: consent came back, or the subject's key was made, since we looked.
        if (sealed === undefined || !sealedTo(head, subject, sealed.epoch)) throw new VersionConflict();
        const entries = [
          ...openingEntries(body, open, sealed.epoch),
          ...inOrder(
            sealed.batches,
            problems.map(({ index }) => rejectedEntry(body, first + index)),
          ),
        ];
        entries[0] = { ...(entries[0] as Draft), expectedVersion: version };
        return {
          entries,
          answer: {
            ...answer,
            accepted: records.length - refused.length,
            rejected: before.rejected + problems.length,
          },
        };
      },
    );
    await this.sessions.refresh(session, open);
    // Nothing new is nothing written: then there is no position and no receipt.
    const { answer, positions } = committed;
    return { ...answer, position: positions.at(-1) ?? null, receipts: await committed.receipts() };
  }

  /** Undefined while the subject's records are suppressed: then not even a key is made. */
  private async seal({ session, subject }: IngestBody, open: OpenSession, records: readonly RecordToSeal[]) {
    if (suppression(this.log.state, subject, Date.now()) !== undefined) return undefined;
    const key = await this.subjectKeys.of(subject);
    if (key === undefined) return undefined;
    const epoch = this.sessions.epochFor(open, key);
    return { epoch, ...sealRecords(records, { origin: this.log.origin, session, subject, epoch }) };
  }
}

function openingEntries({ session, subject, format }: IngestBody, { state }: OpenSession, epoch: Epoch): Draft[] {
  const stream = `session/${session}`;
  const opened: Draft = { type: 'session.opened', stream, subject, data: { session, format } };
  const { id, keyId, sealedKey } = epoch;
  const keyed: Draft = { type: 'session.keyed', stream, subject, data: { session, epoch: id, keyId, sealedKey } };
  return [...(state.opened === undefined ? [opened] : []), ...(isKeyed(state, id) ? [] : [keyed])];
}

const rejectedEntry = ({ session, subject }: IngestBody, sequence: number): Draft<'records.rejected'> => ({
  type: 'records.rejected',
  stream: `session/${session}`,
  subject,
  data: { session, first: sequence, count: 1 },
});

/** By sequence number, since the last entry of a stream says what comes next. */
const inOrder = (batches: readonly Draft<'session.batch'>[], rejected: readonly Draft<'records.rejected'>[]): Draft[] =>
  [...batches, ...rejected].sort((a, b) => a.data.first - b.data.first);

function sealedTo(head: Head, subject: SubjectId, { keyId }: Epoch): boolean {
  const state = head.of(subjectsKey).get(subject);
  return state?.kind === 'registered' && state.keyId === keyId;
}

/** Records that are of their format, in their places; an input's text grows from one to the next. */
async function raiseAll(
  decomposed: readonly (Parts | ProblemCode)[],
  format: Format,
  { inputs }: OpenSession,
): Promise<(RaisedRecord | ProblemCode)[]> {
  const good = decomposed.filter((one) => typeof one !== 'string');
  const raised = (await raiseRecords(good, format, inputs)).values();
  return decomposed.map((one) => (typeof one === 'string' ? one : (raised.next().value as RaisedRecord)));
}

/** What no column can hold is refused by itself, so that those beside it are kept (sealing/json-data.ts has the limits). */
function decomposeOne(data: unknown, decompose: (data: Json) => Parts): Parts | ProblemCode {
  if (!isStorable(data)) return 'record_unstorable';
  try {
    return decompose(data as Json);
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

function isStorable(data: unknown): boolean {
  try {
    checkJsonData([data]);
    return true;
  } catch {
    // Too deep, too many, or a number that JSON.parse made infinite.
    return false;
  }
}

const sealedBytesOf = (batches: readonly Draft[]): number =>
  batches.reduce((sum, { columns = [] }) => columns.reduce((all, column) => all + column.sealed.length, sum), 0);

/** What was meant, without the content: the same sequence numbers are the same records. */
const intentOf = ({ session, subject, format, first, records }: IngestBody) => [
  session,
  subject,
  format,
  first,
  records.length,
];
