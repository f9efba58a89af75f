import { Module } from '@nestjs/common';
import { CaptureController } from './capture.http.js';
import { ChangeConsentHandler } from './change-consent.js';
import { CloudEventsBinding } from './cloudevents.http.js';
import { IngestRecordsHandler } from './ingest-records.js';
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
    ChangeConsentHandler,
    ListSessionsHandler,
    ShowSessionHandler,
    PauseProgrammeHandler,
    ShowProgrammeHandler,
  ],
})
export class CaptureModule {}
