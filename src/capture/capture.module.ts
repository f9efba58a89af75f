import { Module } from '@nestjs/common';
import { CaptureController } from './capture.http.js';
import { ChangeConsentHandler } from './change-consent.js';
import { CloudEventsBinding } from './cloudevents.http.js';
import { IngestRecordsHandler } from './ingest-records.js';
import { IngestSealedHandler } from './ingest-sealed.js';
import { IssueSubjectKeyHandler } from './issue-subject-key.js';
import { ListSessionsHandler } from './list-sessions.js';
import { OpenSessions } from './open-sessions.js';
import { Log } from '../log/log.js';
import { PauseProgrammeHandler, ShowProgrammeHandler } from './pause-programme.js';
import { ShowSessionHandler } from './show-session.js';

@Module({
  controllers: [CaptureController],
  providers: [
    { provide: OpenSessions, inject: [Log], useFactory: (log: Log) => new OpenSessions(log.reader) },
    CloudEventsBinding,
    IngestRecordsHandler,
    IngestSealedHandler,
    IssueSubjectKeyHandler,
    ChangeConsentHandler,
    ListSessionsHandler,
    ShowSessionHandler,
    PauseProgrammeHandler,
    ShowProgrammeHandler,
  ],
})
export class CaptureModule {}
