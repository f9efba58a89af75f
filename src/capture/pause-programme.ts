import { Command, CommandHandler, Query, QueryHandler, type ICommandHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { CommandId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { programmeKey, type Programme } from './programme.js';

export class PauseProgramme extends Command<{ status: 'paused' } & Written> {
  constructor(
    readonly commandId: CommandId,
    readonly officer: PersonId,
    readonly reason: string,
  ) {
    super();
  }
}

/** Needs nobody's leave and asks nothing. Paused twice, the later pause is the one to end. */
@CommandHandler(PauseProgramme)
export class PauseProgrammeHandler implements ICommandHandler<PauseProgramme> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, officer, reason }: PauseProgramme) {
    const committed = await this.log.append(writeCommand(commandId, officer, { reason }), () => ({
      entries: [{ type: 'programme.paused', stream: 'programme', data: { reason } }],
      answer: null,
    }));
    return { status: 'paused' as const, ...(await written(committed)) };
  }
}

export class ShowProgramme extends Query<Programme> {}

@QueryHandler(ShowProgramme)
export class ShowProgrammeHandler implements IQueryHandler<ShowProgramme> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<Programme> {
    return (await this.log.refreshed()).of(programmeKey);
  }
}
