import { Body, Controller, Get, HttpCode, Inject, Injectable, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Gauge } from 'prom-client';
import { z } from 'zod';
import { Asker } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import { METRICS, type Metrics } from '../http/metrics.http.js';
import type { Person } from '../identity/person.js';
import { PersonId, SessionId, SubjectId } from '../log/ids.js';
import { defined } from './defined.js';
import { HistoryReadings } from './history-readers.js';
import { ListReleases } from './list-releases.js';
import { Projector, type ProjectionStatus } from './projections/projector.js';
import { Purpose } from './purpose.js';
import { ReplayProjections } from './replay-projections.js';

const ReleasesQuery = z.strictObject({
  purpose: Purpose,
  person: PersonId.optional(),
  subject: SubjectId.optional(),
  session: SessionId.optional(),
  unknown: z.stringbool().optional(),
  before: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});
const ReplayBody = z.strictObject({
  projection: z.string().max(64).optional(),
  /** Compare with what the log gives, and change nothing. */
  check: z.boolean().default(false),
});

@Controller('v1/history')
export class ProjectionsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly commands: CommandBus,
    private readonly readings: HistoryReadings,
  ) {}

  /** The latest releases of plaintext, to look around quickly. */
  @Get('releases')
  @MayAsk('officer', 'auditor')
  async releases(
    @Asker() asker: Person,
    @Query({ schema: ReleasesQuery }) { before, limit, purpose, ...filter }: z.infer<typeof ReleasesQuery>,
  ) {
    const { unknown: _unknown, ...about } = filter;
    await this.readings.note(asker.id, { question: 'releases', ...defined({ purpose, ...about }) });
    return this.queries.execute(new ListReleases(defined(filter), { before, limit }));
  }

  /** Makes the tables behind quick answers anew, or compares them with what the log gives. */
  @Post('replay')
  @HttpCode(200)
  @MayAsk('officer', 'auditor')
  replay(@Body({ schema: ReplayBody }) { projection, check }: z.infer<typeof ReplayBody>) {
    return this.commands.execute(new ReplayProjections(projection, check));
  }
}

/** How far each projection has come, and whether it stands still. Asked when somebody looks. */
@Injectable()
export class ProjectionMetrics {
  constructor(@Inject(METRICS) { registry }: Metrics, projector: Projector) {
    const gauge = (name: string, help: string, valueOf: (status: ProjectionStatus) => number) =>
      new Gauge({
        ...{ name, help, labelNames: ['projection'], registers: [registry] },
        async collect() {
          for (const one of await projector.status().catch(() => [])) {
            this.set({ projection: one.projection }, valueOf(one));
          }
        },
      });
    gauge('custos_projection_position', 'Entries of the log that a projection has folded', ({ position }) => position);
    const help = '1 where a projection stands still on an entry that it cannot fold, or is not built yet';
    gauge('custos_projection_stopped', help, ({ stopped }) => (stopped === null ? 0 : 1));
  }
}
