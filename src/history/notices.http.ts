import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { z } from 'zod';
import { Asker } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import type { Person } from '../identity/person.js';
import { Notices } from './notices.js';

const NoticesQuery = z.strictObject({
  /** `next` of the answer before. */
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

@Controller('v1')
export class NoticesController {
  constructor(private readonly queries: QueryBus) {}

  /** The asker's own: there is no way to name another person. */
  @Get('notices')
  @MayAsk('subject', 'officer')
  notices(@Asker() asker: Person, @Query({ schema: NoticesQuery }) { after, limit }: z.infer<typeof NoticesQuery>) {
    return this.queries.execute(new Notices(asker, after, limit));
  }
}
