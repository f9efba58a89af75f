import { Module } from '@nestjs/common';
import { HistoryAtHandler } from './history-at.js';
import { HistoryController } from './history.http.js';
import { SubjectLedgerHandler } from './subject-ledger.js';
import { WhoCanReadHandler } from './who-can-read.js';

@Module({
  controllers: [HistoryController],
  providers: [WhoCanReadHandler, HistoryAtHandler, SubjectLedgerHandler],
})
export class HistoryModule {}
