import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { z } from 'zod';
import { freeText } from '../log/free-text.js';
import type { CommandId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Keeps, noticeMs, retentionStream } from '../log/retention.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';

/** Every field by its name: no class and no wildcard, so that a field that comes later is not meant by accident. */
export const RetentionBody = z.strictObject({ keep: Keeps, reason: freeText({ least: 10, most: 500 }) });
export type RetentionBody = z.infer<typeof RetentionBody>;

interface RetentionSet extends Written {
  /** Epoch milliseconds; a longer retention holds at once. */
  readonly shorterFrom: number;
}

export class SetRetention extends Command<RetentionSet> {
  constructor(
    readonly commandId: CommandId,
    readonly officer: PersonId,
    readonly body: RetentionBody,
  ) {
    super();
  }
}

/**
 * One officer sets it, and it is an entry. It is not signed yet, so the day's notice is what stands between a stolen
 * officer's token, or a stolen service, and what it could have deleted.
 */
@CommandHandler(SetRetention)
export class SetRetentionHandler implements ICommandHandler<SetRetention> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, officer, body }: SetRetention): Promise<RetentionSet> {
    const committed = await this.log.append(writeCommand(commandId, officer, body), ({ at }) => ({
      entries: [{ type: 'retention.set', stream: retentionStream, data: body }],
      answer: { shorterFrom: at + noticeMs },
    }));
    return { ...(await written(committed)), ...committed.answer };
  }
}
