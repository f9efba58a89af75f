import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import type { Person } from '../identity/person.js';
import type { CommandId } from '../log/ids.js';
import { ShowRetention } from './show-retention.js';
import { SweepRetention } from './sweep-retention.js';

const Nothing = z.strictObject({});

@Controller('v1/retention')
export class RetentionController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  /** How long what is captured is kept is nobody's secret. Setting it is an act (`/v1/acts`). */
  @Get()
  @MayAsk('source', 'researcher', 'approver', 'officer', 'auditor', 'subject')
  show() {
    return this.queries.execute(new ShowRetention());
  }

  /** What also happens by itself every hour, now. */
  @Post('sweeps')
  @HttpCode(200)
  @MayAsk('officer')
  sweep(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: Nothing }) _nothing: z.infer<typeof Nothing>,
  ) {
    return this.commands.execute(new SweepRetention(command, asker.id));
  }
}
