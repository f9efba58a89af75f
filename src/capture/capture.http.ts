import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { requireSelf, type Person } from '../identity/person.js';
import { freeText } from '../log/free-text.js';
import { type CommandId, SessionId, SubjectId } from '../log/ids.js';
import { pageQuery } from '../log/page.js';
import { ChangeConsent } from './change-consent.js';
import { IngestBody, IngestRecords } from './ingest-records.js';
import { IngestSealed } from './ingest-sealed.js';
import { IssueSubjectKey } from './issue-subject-key.js';
import { ListSessions } from './list-sessions.js';
import { PauseProgramme, ShowProgramme } from './pause-programme.js';
import { SealedBody } from './sealed-body.js';
import { ShowSession } from './show-session.js';

const ListSessionsQuery = z.strictObject({ subject: SubjectId.optional(), ...pageQuery });
const OwnSessionsQuery = z.strictObject(pageQuery);
const ConsentBody = z.strictObject({
  consent: z.enum(['given', 'paused', 'refused']),
  /** Epoch milliseconds, for a pause that ends by itself. */
  until: z.int().min(0).optional(),
});
const Nothing = z.strictObject({});
const PauseBody = z.strictObject({ reason: freeText({ least: 3, most: 500 }) });

@Controller('v1')
export class CaptureController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** CloudEvents become this body before it gets here (cloudevents.http.ts). */
  @Post('records')
  @HttpCode(200)
  @MayAsk('source')
  ingest(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: IngestBody }) body: IngestBody,
  ) {
    return this.commands.execute(new IngestRecords(command, asker.id, body));
  }

  /** Sealed by the source (docs/formats/sealed-batch.md): stored as it came, and never seen here. */
  @Post('sealed-batches')
  @HttpCode(200)
  @MayAsk('source')
  ingestSealed(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: SealedBody }) body: SealedBody,
  ) {
    return this.commands.execute(new IngestSealed(command, asker.id, body));
  }

  /** What a source seals to. Made when it is first asked for, unless the subject's records are suppressed. */
  @Post('subjects/:subject/key')
  @HttpCode(200)
  @MayAsk('source')
  subjectKey(
    @Param('subject', { schema: SubjectId }) subject: SubjectId,
    @Body({ schema: Nothing }) _nothing: z.infer<typeof Nothing>,
  ) {
    return this.commands.execute(new IssueSubjectKey(subject));
  }

  @Get('sessions')
  @MayAsk('researcher', 'approver', 'officer', 'auditor')
  list(@Query({ schema: ListSessionsQuery }) { subject, after, limit }: z.infer<typeof ListSessionsQuery>) {
    return this.queries.execute(new ListSessions(subject, after, limit));
  }

  /** What a subject may ask a copy of. */
  @Get('subjects/:subject/sessions')
  @MayAsk('subject')
  own(
    @Asker() asker: Person,
    @Param('subject', { schema: SubjectId }) subject: SubjectId,
    @Query({ schema: OwnSessionsQuery }) { after, limit }: z.infer<typeof OwnSessionsQuery>,
  ) {
    requireSelf(asker, subject);
    return this.queries.execute(new ListSessions(subject, after, limit));
  }

  @Get('sessions/:session')
  @MayAsk('researcher', 'approver', 'officer', 'auditor')
  show(@Param('session', { schema: SessionId }) session: SessionId) {
    return this.queries.execute(new ShowSession(session));
  }

  @Put('subjects/:subject/consent')
  @MayAsk('subject')
  consent(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('subject', { schema: SubjectId }) subject: SubjectId,
    @Body({ schema: ConsentBody }) { consent, until }: z.infer<typeof ConsentBody>,
  ) {
    requireSelf(asker, subject);
    return this.commands.execute(new ChangeConsent(command, subject, consent, until));
  }

  /** What is recorded at all is nobody's secret. */
  @Get('programme')
  @MayAsk('source', 'researcher', 'approver', 'officer', 'auditor', 'subject')
  programme() {
    return this.queries.execute(new ShowProgramme());
  }

  /** At once, by any one officer; going on is an act of several (`programme.resume`). */
  @Post('programme/pause')
  @HttpCode(200)
  @MayAsk('officer')
  pause(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: PauseBody }) { reason }: z.infer<typeof PauseBody>,
  ) {
    return this.commands.execute(new PauseProgramme(command, asker.id, reason));
  }
}
