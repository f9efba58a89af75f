import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Consent } from '../log/entries.js';
import { type CommandId, personOfSubject, type SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';

interface ConsentChanged extends Written {
  readonly subject: SubjectId;
  readonly consent: Consent;
  readonly until?: number;
}

export class ChangeConsent extends Command<ConsentChanged> {
  constructor(
    readonly commandId: CommandId,
    readonly subject: SubjectId,
    readonly consent: Consent,
    /** Epoch milliseconds, for a pause that ends by itself. */
    readonly until?: number,
  ) {
    super();
  }
}

/** The subject alone decides, and needs nobody's leave. From its position on nothing of theirs is stored. */
@CommandHandler(ChangeConsent)
export class ChangeConsentHandler implements ICommandHandler<ChangeConsent> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, subject, consent, until }: ChangeConsent): Promise<ConsentChanged> {
    const committed = await this.log.append(
      writeCommand(commandId, personOfSubject(subject), { subject, consent, until }),
      ({ at }) => {
        if (until !== undefined && (consent !== 'paused' || until <= at)) {
          throw new Problem('input_invalid', { issues: [{ path: 'until', rule: 'a_pause_in_the_future' }] });
        }
        const data = { consent, ...(until === undefined ? {} : { until }) };
        return { entries: [{ type: 'consent.changed', stream: `subject/${subject}`, subject, data }], answer: null };
      },
    );
    return { subject, consent, ...(until === undefined ? {} : { until }), ...(await written(committed)) };
  }
}
