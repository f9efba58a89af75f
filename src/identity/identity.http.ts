import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { ActId, type CommandId } from '../log/ids.js';
import { pageQuery } from '../log/page.js';
import { ProposeAct, SignAct } from './act-commands.js';
import { ListActs, ShowAct } from './list-acts.js';
import { ListIngestKeys } from './list-ingest-keys.js';
import { ListKeys } from './list-keys.js';
import type { Person } from './person.js';
import { EnvelopeBody } from './signed-statement.js';

/** `body` is checked by the kind of act, which is found where the state is. */
const ActBody = z.strictObject({
  act: ActId,
  kind: z.string().min(1).max(64),
  body: z.record(z.string(), z.json()),
  envelope: EnvelopeBody,
});
const SignatureBody = z.strictObject({ envelope: EnvelopeBody });
const ListQuery = z.strictObject({ state: z.enum(['open', 'enforced', 'lapsed']).optional(), ...pageQuery });

/** Acts of governance, which officers do together by signing, and the keys that signatures are made with. */
@Controller('v1')
export class IdentityController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('acts')
  @MayAsk('officer')
  propose(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: ActBody }) body: z.infer<typeof ActBody>,
  ) {
    return this.commands.execute(new ProposeAct(command, asker.id, body));
  }

  @Get('acts')
  @MayAsk('officer', 'auditor')
  async list(@Query({ schema: ListQuery }) { state, ...page }: z.infer<typeof ListQuery>) {
    const { items, next } = await this.queries.execute(new ListActs(state, page));
    return { acts: items, next };
  }

  @Get('acts/:act')
  @MayAsk('officer', 'auditor')
  show(@Param('act', { schema: ActId }) act: ActId) {
    return this.queries.execute(new ShowAct(act));
  }

  @Post('acts/:act/signatures')
  @MayAsk('officer')
  sign(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('act', { schema: ActId }) act: ActId,
    @Body({ schema: SignatureBody }) { envelope }: z.infer<typeof SignatureBody>,
  ) {
    return this.commands.execute(new SignAct(command, asker.id, act, envelope));
  }

  @Get('keys')
  @MayAsk('approver', 'officer', 'auditor')
  async keys() {
    return { keys: await this.queries.execute(new ListKeys()) };
  }

  @Get('ingest-keys')
  @MayAsk('officer', 'auditor')
  async ingestKeys() {
    return { keys: await this.queries.execute(new ListIngestKeys()) };
  }
}
