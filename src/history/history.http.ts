import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { PolicyDocument, policyHash, type Policy } from '../access/policy.js';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { requireSelf, type Person } from '../identity/person.js';
import { FieldName } from '../log/fields.js';
import { GrantId, PersonId, SessionId, SubjectId, type CommandId } from '../log/ids.js';
import { Assure, LastAssurance } from './assure.js';
import { defined } from './defined.js';
import { HistoryAt } from './history-at.js';
import { HistoryDiff } from './history-diff.js';
import { HistoryExposure } from './history-exposure.js';
import { HistoryReaders, HistoryReadings } from './history-readers.js';
import { HistoryTimeline } from './history-timeline.js';
import { Moment } from './moment.js';
import { Purpose } from './purpose.js';
import { SubjectLedger } from './subject-ledger.js';
import { WhoCanRead } from './who-can-read.js';

const ReachQuery = z.strictObject({
  purpose: Purpose,
  person: PersonId.optional(),
  subject: SubjectId.optional(),
  field: FieldName.optional(),
  at: Moment.optional(),
});
const AssureBody = z.strictObject({
  /** A position: what is below it was looked at before. Left out: the whole log. */
  since: z.int().min(0).optional(),
});
const AtQuery = z.strictObject({ purpose: Purpose, at: Moment.optional() });
const DiffQuery = z.strictObject({ purpose: Purpose, from: Moment, to: Moment });
const TimelineQuery = z
  .strictObject({
    session: SessionId.optional(),
    person: PersonId.optional(),
    grant: GrantId.optional(),
    subject: SubjectId.optional(),
    purpose: Purpose,
  })
  .refine(
    ({ purpose: _why, ...of }) => Object.values(of).filter((one) => one !== undefined).length === 1,
    'exactly one',
  );
const LedgerQuery = z.strictObject({ purpose: Purpose });
const ReadersQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const mostRows = 5000;
const exposureMembers = {
  purpose: Purpose,
  from: Moment,
  to: Moment,
  person: PersonId.optional(),
  subject: SubjectId.optional(),
  session: SessionId.optional(),
  field: FieldName.optional(),
};
const ExposureQuery = z.strictObject({
  ...exposureMembers,
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(0).max(mostRows).default(100),
});
/** Floors need not hold: nobody can put this policy in force, and perhaps it is asked because nobody should have. */
const ExposureBody = ExposureQuery.extend({ policy: PolicyDocument });

@Controller('v1')
export class HistoryController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
    private readonly readings: HistoryReadings,
  ) {}

  @Get('history/reach')
  @MayAsk('auditor', 'officer')
  async whoCanRead(
    @Asker() asker: Person,
    @Query({ schema: ReachQuery }) { at, purpose, ...filter }: z.infer<typeof ReachQuery>,
  ) {
    await this.readings.note(asker.id, { question: 'reach', ...defined({ at, purpose, ...filter }) });
    return this.queries.execute(new WhoCanRead(defined(filter), at));
  }

  /** Looks at all that the programme stands on, and writes what it found; to resume takes a green one. */
  @Post('assurance')
  @HttpCode(200)
  @MayAsk('officer', 'auditor')
  assure(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: AssureBody }) { since }: z.infer<typeof AssureBody>,
  ) {
    return this.commands.execute(new Assure(command, asker.id, since));
  }

  @Get('assurance')
  @MayAsk('officer', 'auditor')
  lastAssurance() {
    return this.queries.execute(new LastAssurance());
  }

  @Get('history/state')
  @MayAsk('auditor')
  async at(@Asker() asker: Person, @Query({ schema: AtQuery }) asked: z.infer<typeof AtQuery>) {
    await this.readings.note(asker.id, { question: 'state', ...defined(asked) });
    return this.queries.execute(new HistoryAt(asked.at));
  }

  @Get('history/diff')
  @MayAsk('officer', 'auditor')
  async diff(@Asker() asker: Person, @Query({ schema: DiffQuery }) asked: z.infer<typeof DiffQuery>) {
    await this.readings.note(asker.id, { question: 'diff', ...defined(asked) });
    return this.queries.execute(new HistoryDiff(asked.from, asked.to));
  }

  /** A summary of all, and one page of rows: who could read what from when until when, and who did. */
  @Get('history/exposure')
  @MayAsk('officer', 'auditor')
  exposure(@Asker() asker: Person, @Query({ schema: ExposureQuery }) asked: z.infer<typeof ExposureQuery>) {
    return this.exposureOf(asker, asked);
  }

  /** The same as if this policy had been in force. */
  @Post('history/exposure')
  @HttpCode(200)
  @MayAsk('officer', 'auditor')
  exposureIf(
    @Asker() asker: Person,
    @Body({ schema: ExposureBody }) { policy, ...asked }: z.infer<typeof ExposureBody>,
  ) {
    return this.exposureOf(asker, asked, policy);
  }

  /** What happened around one session, person, grant or subject. */
  @Get('history/timeline')
  @MayAsk('officer', 'auditor')
  async timeline(
    @Asker() asker: Person,
    @Query({ schema: TimelineQuery }) { purpose, ...of }: z.infer<typeof TimelineQuery>,
  ) {
    await this.readings.note(asker.id, { question: 'timeline', ...defined({ purpose, ...of }) });
    return this.queries.execute(new HistoryTimeline(defined(of)));
  }

  /** Who asked any of this, and what. */
  @Get('history/readers')
  @MayAsk('officer', 'auditor')
  readers(@Query({ schema: ReadersQuery }) { after, limit }: z.infer<typeof ReadersQuery>) {
    return this.queries.execute(new HistoryReaders(after, limit));
  }

  /** A subject's own; an auditor's look at anybody's. */
  @Get('subjects/:subject/ledger')
  @MayAsk('subject', 'auditor')
  async ledger(
    @Asker() asker: Person,
    @Param('subject', { schema: SubjectId }) subject: SubjectId,
    @Query({ schema: LedgerQuery }) { purpose }: z.infer<typeof LedgerQuery>,
  ) {
    const isOwn = asker.subject === subject;
    if (!asker.roles.has('auditor')) requireSelf(asker, subject);
    if (!isOwn) await this.readings.note(asker.id, { question: 'ledger', subject, ...defined({ purpose }) });
    return this.queries.execute(new SubjectLedger(subject));
  }

  private async exposureOf(asker: Person, asked: z.infer<typeof ExposureQuery>, policy?: Policy) {
    const { after, limit, purpose, from, to, ...filter } = asked;
    const supposed = policy === undefined ? {} : { policy: policyHash(policy) };
    const question = { question: 'exposure' as const, from, to, ...supposed };
    await this.readings.note(asker.id, { ...question, ...defined({ purpose, ...filter }) });
    return this.queries.execute(new HistoryExposure({ from, to }, defined(filter), { after, limit }, policy));
  }
}
