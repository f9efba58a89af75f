import { Module } from '@nestjs/common';
import { EraseSubjectHandler } from './erase-subject.js';
import { KeysController } from './keys.http.js';

@Module({ controllers: [KeysController], providers: [EraseSubjectHandler] })
export class KeysModule {}
