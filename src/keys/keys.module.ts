import { Module } from '@nestjs/common';
import { EraseSubjectHandler } from './erase-subject.js';
import { KeysController } from './keys.http.js';
import { RetentionSchedule } from './retention-schedule.js';
import { RetentionController } from './retention.http.js';
import { ShowRetentionHandler } from './show-retention.js';
import { SweepRetentionHandler } from './sweep-retention.js';

@Module({
  controllers: [KeysController, RetentionController],
  providers: [EraseSubjectHandler, ShowRetentionHandler, SweepRetentionHandler, RetentionSchedule],
})
export class KeysModule {}
