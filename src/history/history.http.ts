import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { requireSelf, type Person } from '../identity/person.js';
import { FieldName } from '../log/fields.js';
import { PersonId, SubjectId, type CommandId } from '../log/ids.js';
import { Assure, LastAssurance } from './assure.js';
import { HistoryAt } from './history-at.js';
import { HistoryDiff } from './history-diff.js';
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

@Controller('v1')
export class HistoryController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
  ) {}

  @Get('history/reach')
  @MayAsk('auditor', 'officer')
  whoCanRead(@Query({ schema: ReachQuery }) { at, person, subject, field }: z.infer<typeof ReachQuery>) {
    const filter = {
      ...(person === undefined ? {} : { person }),
      ...(subject === undefined ? {} : { subject }),
      ...(field === undefined ? {} : { field }),
    };
    return this.queries.execute(new WhoCanRead(filter, at));
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

  /** A subject's own; an auditor's look at anybody's. */
  @Get('subjects/:subject/ledger')
  @MayAsk('subject', 'auditor')
  ledger(@Asker() asker: Person, @Param('subject', { schema: SubjectId }) subject: SubjectId) {
    if (!asker.roles.has('auditor')) requireSelf(asker, subject);
    return this.queries.execute(new SubjectLedger(subject));
  }
}
