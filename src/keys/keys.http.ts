import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { requireSelf, type Person } from '../identity/person.js';
import { type CommandId, SubjectId } from '../log/ids.js';
import { EraseSubject } from './erase-subject.js';

const Nothing = z.strictObject({});

@Controller('v1/subjects')
export class KeysController {
  constructor(private readonly commands: CommandBus) {}

  /** An officer for anybody, a subject for themselves. */
  @Post(':subject/erasure')
  @HttpCode(200)
  @MayAsk('officer', 'subject')
  erase(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('subject', { schema: SubjectId }) subject: SubjectId,
    @Body({ schema: Nothing }) _nothing: z.infer<typeof Nothing>,
  ) {
    if (!asker.roles.has('officer')) requireSelf(asker, subject);
    return this.commands.execute(new EraseSubject(command, asker.id, subject));
  }
}
