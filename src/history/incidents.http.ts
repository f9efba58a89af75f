import { Body, Controller, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiOkResponse, ApiProduces } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, CommandIdHeader } from '../http/asker.js';
import { MayAsk } from '../http/may-ask.js';
import type { Person } from '../identity/person.js';
import { incidentNoteKinds } from '../log/entries.js';
import { freeText } from '../log/free-text.js';
import { IncidentId, type CommandId } from '../log/ids.js';
import { pageQuery } from '../log/page.js';
import { GatherMaterial } from './bundle/gather-material.js';
import { HistoryReadings } from './history-readers.js';
import { CloseIncident, NoteIncident, OpenIncident } from './incident-commands.js';
import { ListIncidents, ShowIncident } from './list-incidents.js';
import { Moment } from './moment.js';
import { Purpose } from './purpose.js';

const OpenBody = z.strictObject({
  title: freeText({ least: 5, most: 120 }),
  reason: freeText({ least: 10, most: 500 }),
  from: Moment,
  /** Left out: it is not over. */
  to: Moment.optional(),
});
const NoteBody = z.strictObject({
  kind: z.enum(incidentNoteKinds).default('note'),
  text: freeText({ least: 3, most: 1000 }),
  about: z.array(z.int().min(0)).max(50).default([]),
});
const CloseBody = z.strictObject({ decision: freeText({ least: 10, most: 1000 }) });
const ListQuery = z.strictObject(pageQuery);
const BundleQuery = z.strictObject({
  purpose: Purpose,
  /** Entries of the log. Left out: up to the closing of the incident; of one that is open, up to this question. */
  size: z.coerce.number().int().min(1).optional(),
  wholeLog: z.enum(['true', 'false']).default('false'),
});
type Of<T extends z.ZodType> = z.infer<T>;

/** What officers and auditors write down about a leak: entries of the log, which an incident bundle carries. */
@Controller('v1/incidents')
export class IncidentsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly readings: HistoryReadings,
  ) {}

  @Post()
  @MayAsk('officer', 'auditor')
  open(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Body({ schema: OpenBody }) { to, ...asked }: Of<typeof OpenBody>,
  ) {
    const about = { ...asked, ...(to === undefined ? {} : { to }) };
    return this.commands.execute(new OpenIncident(command, asker.id, about));
  }

  @Get()
  @MayAsk('officer', 'auditor')
  async list(@Query({ schema: ListQuery }) page: Of<typeof ListQuery>) {
    const { items, next } = await this.queries.execute(new ListIncidents(page));
    return { incidents: items, next };
  }

  @Get(':incident')
  @MayAsk('officer', 'auditor')
  show(@Param('incident', { schema: IncidentId }) incident: IncidentId) {
    return this.queries.execute(new ShowIncident(incident));
  }

  @Post(':incident/notes')
  @MayAsk('officer', 'auditor')
  note(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('incident', { schema: IncidentId }) incident: IncidentId,
    @Body({ schema: NoteBody }) note: Of<typeof NoteBody>,
  ) {
    return this.commands.execute(new NoteIncident(command, asker.id, { incident, ...note }));
  }

  /** What was decided. Nothing is added to it afterwards. */
  @Post(':incident/closure')
  @HttpCode(200)
  @MayAsk('officer', 'auditor')
  close(
    @Asker() asker: Person,
    @CommandIdHeader() command: CommandId,
    @Param('incident', { schema: IncidentId }) incident: IncidentId,
    @Body({ schema: CloseBody }) { decision }: Of<typeof CloseBody>,
  ) {
    return this.commands.execute(new CloseIncident(command, asker.id, { incident, decision }));
  }

  /**
   * What a bundle is made of (docs/formats/bundle.md): `custos history bundle` proves it and makes the reports. It has
   * headers, which say who did what, and those are for auditors.
   */
  @Get(':incident/bundle')
  @Header('Content-Type', 'application/zip')
  @ApiProduces('application/zip')
  @ApiOkResponse({ description: 'What an incident bundle is made of', schema: { type: 'string', format: 'binary' } })
  @MayAsk('auditor')
  async bundle(
    @Asker() asker: Person,
    @Param('incident', { schema: IncidentId }) incident: IncidentId,
    @Query({ schema: BundleQuery }) { purpose, size, wholeLog }: Of<typeof BundleQuery>,
  ): Promise<Buffer> {
    const { closed } = await this.queries.execute(new ShowIncident(incident));
    const upTo = size ?? (closed === undefined ? undefined : closed.position + 1);
    const question = { question: 'bundle' as const, incident, ...(upTo === undefined ? {} : { at: upTo }) };
    const asked = await this.readings.note(asker.id, { ...question, ...(purpose === undefined ? {} : { purpose }) });
    const about = { incident, size: upTo ?? asked, wholeLog: wholeLog === 'true' };
    return Buffer.from(await this.queries.execute(new GatherMaterial(about)));
  }
}
