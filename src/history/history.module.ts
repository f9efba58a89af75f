import { Module } from '@nestjs/common';
import { AccessModule } from '../access/access.module.js';
import { AssureHandler, LastAssuranceHandler } from './assure.js';
import { HistoryAtHandler } from './history-at.js';
import { HistoryDiffHandler } from './history-diff.js';
import { HistoryExposureHandler } from './history-exposure.js';
import { HistoryReadersHandler, HistoryReadings } from './history-readers.js';
import { HistoryTimelineHandler } from './history-timeline.js';
import { GatherMaterialHandler } from './bundle/gather-material.js';
import { IncidentsController } from './incidents.http.js';
import { CloseIncidentHandler, NoteIncidentHandler, OpenIncidentHandler } from './incident-commands.js';
import { ListIncidentsHandler, ShowIncidentHandler } from './list-incidents.js';
import { HistoryController } from './history.http.js';
import { ListReleasesHandler } from './list-releases.js';
import { NoticesController } from './notices.http.js';
import { NoticesHandler } from './notices.js';
import { ProjectionMetrics, ProjectionsController } from './projections.http.js';
import { ReplayProjectionsHandler } from './replay-projections.js';
import { SubjectLedgerHandler } from './subject-ledger.js';
import { WhoCanReadHandler } from './who-can-read.js';

@Module({
  imports: [AccessModule],
  controllers: [HistoryController, NoticesController, ProjectionsController, IncidentsController],
  providers: [
    WhoCanReadHandler,
    HistoryAtHandler,
    HistoryDiffHandler,
    HistoryExposureHandler,
    HistoryReadings,
    HistoryReadersHandler,
    HistoryTimelineHandler,
    SubjectLedgerHandler,
    NoticesHandler,
    AssureHandler,
    LastAssuranceHandler,
    ListReleasesHandler,
    ReplayProjectionsHandler,
    ProjectionMetrics,
    GatherMaterialHandler,
    OpenIncidentHandler,
    NoteIncidentHandler,
    CloseIncidentHandler,
    ListIncidentsHandler,
    ShowIncidentHandler,
  ],
})
export class HistoryModule {}
