import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Consent } from '../log/entries.js';
import { type CommandId, personOfSubject, type Position, type SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';

interface ConsentChanged {
  readonly subject: SubjectId;
  readonly consent: Consent;
  readonly position: Position;
}

export class ChangeConsent extends Command<ConsentChanged> {
  constructor(
    readonly commandId: CommandId,
    readonly subject: SubjectId,
    readonly consent: Consent,
  ) {
    super();
  }
}

/** The subject alone decides, and needs nobody's leave. From its position on nothing of theirs is stored. */
@CommandHandler(ChangeConsent)
export class ChangeConsentHandler implements ICommandHandler<ChangeConsent> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, subject, consent }: ChangeConsent): Promise<ConsentChanged> {
    const { positions } = await this.log.append(
      writeCommand(commandId, personOfSubject(subject), { subject, consent }),
      () => ({
        entries: [{ type: 'consent.changed', stream: `subject/${subject}`, subject, data: { consent } }],
        answer: null,
      }),
    );
    return { subject, consent, position: positions[0] as Position };
  }
}
