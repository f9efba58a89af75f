import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { PolicyDocument, type Policy } from '../access/policy.js';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { requireSelf, type Person } from '../identity/person.js';
import { FieldName } from '../log/fields.js';
import { PersonId, SessionId, SubjectId, type CommandId } from '../log/ids.js';
import { Assure, LastAssurance } from './assure.js';
import { HistoryAt } from './history-at.js';
import { HistoryDiff } from './history-diff.js';
import { HistoryExposure } from './history-exposure.js';
import { Moment } from './moment.js';
import { SubjectLedger } from './subject-ledger.js';
import { WhoCanRead } from './who-can-read.js';

const ReachQuery = z.strictObject({
  person: PersonId.optional(),
  subject: SubjectId.optional(),
  field: FieldName.optional(),
  at: Moment.optional(),
});
const AssureBody = z.strictObject({
  /** A position: what is below it was looked at before. Left out: the whole log. */
  since: z.int().min(0).optional(),
});
const AtQuery = z.strictObject({ at: Moment.optional() });
const DiffQuery = z.strictObject({ from: Moment, to: Moment });

const mostRows = 5000;
const exposureMembers = {
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
  ) {}

  @Get('history/reach')
  @MayAsk('auditor', 'officer')
  whoCanRead(@Query({ schema: ReachQuery }) { at, person, subject, field }: z.infer<typeof ReachQuery>) {
    return this.queries.execute(new WhoCanRead(defined({ person, subject, field }), at));
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
  at(@Query({ schema: AtQuery }) { at }: z.infer<typeof AtQuery>) {
    return this.queries.execute(new HistoryAt(at));
  }

  @Get('history/diff')
  @MayAsk('officer', 'auditor')
  diff(@Query({ schema: DiffQuery }) { from, to }: z.infer<typeof DiffQuery>) {
    return this.queries.execute(new HistoryDiff(from, to));
  }

  /** A summary of all, and one page of rows: who could read what from when until when, and who did. */
  @Get('history/exposure')
  @MayAsk('officer', 'auditor')
  exposure(@Query({ schema: ExposureQuery }) asked: z.infer<typeof ExposureQuery>) {
    return this.queries.execute(exposureAsked(asked));
  }

  /** The same as if this policy had been in force. */
  @Post('history/exposure')
  @HttpCode(200)
  @MayAsk('officer', 'auditor')
  exposureIf(@Body({ schema: ExposureBody }) { policy, ...asked }: z.infer<typeof ExposureBody>) {
    return this.queries.execute(exposureAsked(asked, policy));
  }

  /** A subject's own; an auditor's look at anybody's. */
  @Get('subjects/:subject/ledger')
  @MayAsk('subject', 'auditor')
  ledger(@Asker() asker: Person, @Param('subject', { schema: SubjectId }) subject: SubjectId) {
    if (!asker.roles.has('auditor')) requireSelf(asker, subject);
    return this.queries.execute(new SubjectLedger(subject));
  }
}

function exposureAsked(asked: z.infer<typeof ExposureQuery>, policy?: Policy): HistoryExposure {
  const { from, to, after, limit, ...members } = asked;
  return new HistoryExposure({ from, to }, defined(members), { after, limit }, policy);
}

/** Without the members that were left out. */
const defined = <T extends object>(members: T) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
