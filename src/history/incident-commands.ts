import { randomUUID } from 'node:crypto';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Committed } from '../log/draft.js';
import type { EntryData } from '../log/entries.js';
import type { CommandId, IncidentId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';
import { closeIncident, incidentKey, noteIncident, openIncident, type IncidentAnswer } from './incident.js';
import { pastPlaceOf, type Moment } from './moment.js';

export interface IncidentWritten extends Written {
  readonly incident: IncidentId;
}

/** A moment becomes a size of the log here, once: what is asked about is the same whenever it is looked at. */
export class OpenIncident extends Command<IncidentWritten> {
  constructor(
    readonly commandId: CommandId,
    readonly person: PersonId,
    readonly asked: { readonly title: string; readonly reason: string; readonly from: Moment; readonly to?: Moment },
  ) {
    super();
  }
}

@CommandHandler(OpenIncident)
export class OpenIncidentHandler implements ICommandHandler<OpenIncident> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, person, asked }: OpenIncident): Promise<IncidentWritten> {
    const { title, reason } = asked;
    const { position: from } = await pastPlaceOf(this.log, asked.from);
    const to = asked.to === undefined ? undefined : (await pastPlaceOf(this.log, asked.to)).position;
    if (to !== undefined && to < from) throw new Problem('moments_reversed');
    const incident = randomUUID() as IncidentId;
    const data = { incident, title, reason, from, ...(to === undefined ? {} : { to }) };
    return answered(await this.log.append(writeCommand(commandId, person, asked), () => openIncident(data)));
  }
}

export class NoteIncident extends Command<IncidentWritten> {
  constructor(
    readonly commandId: CommandId,
    readonly person: PersonId,
    readonly note: EntryData['incident.noted'],
  ) {
    super();
  }
}

@CommandHandler(NoteIncident)
export class NoteIncidentHandler implements ICommandHandler<NoteIncident> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, person, note }: NoteIncident): Promise<IncidentWritten> {
    const command = writeCommand(commandId, person, note);
    return answered(await this.log.append(command, (head) => noteIncident(head.of(incidentKey), note, head)));
  }
}

export class CloseIncident extends Command<IncidentWritten> {
  constructor(
    readonly commandId: CommandId,
    readonly person: PersonId,
    readonly closing: EntryData['incident.closed'],
  ) {
    super();
  }
}

@CommandHandler(CloseIncident)
export class CloseIncidentHandler implements ICommandHandler<CloseIncident> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, person, closing }: CloseIncident): Promise<IncidentWritten> {
    const command = writeCommand(commandId, person, { close: closing });
    return answered(await this.log.append(command, (head) => closeIncident(head.of(incidentKey), closing)));
  }
}

async function answered(committed: Committed<IncidentAnswer>): Promise<IncidentWritten> {
  const { answer } = committed;
  if (answer.kind === 'position_unknown') throw new Problem(answer.kind, { size: answer.size });
  if (answer.kind !== 'written') throw new Problem(answer.kind);
  return { incident: answer.incident, ...(await written(committed)) };
}
