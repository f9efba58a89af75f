import { Module } from '@nestjs/common';
import { EntriesController } from './entries.http.js';
import { HttpFollowers } from './http-followers.js';
import { LogController } from './log.http.js';

@Module({
  controllers: [LogController, EntriesController],
  providers: [{ provide: HttpFollowers, useFactory: () => new HttpFollowers() }],
})
export class LogModule {}
