import { Module } from '@nestjs/common';
import { LogController } from './log.http.js';

@Module({ controllers: [LogController] })
export class LogModule {}
