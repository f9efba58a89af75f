import { randomUUID } from 'node:crypto';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { LockTarget } from '../log/entries.js';
import type { CommandId, LockId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { setLock } from './lock.js';

export class SetLock extends Command<{ lock: LockId } & Written> {
  constructor(
    readonly commandId: CommandId,
    readonly officer: PersonId,
    readonly target: LockTarget,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(SetLock)
export class SetLockHandler implements ICommandHandler<SetLock> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, officer, target, reason }: SetLock) {
    const fresh = randomUUID() as LockId;
    const committed = await this.log.append(writeCommand(commandId, officer, { target, reason }), () =>
      setLock({ lock: fresh, target, reason }),
    );
    return { lock: committed.answer.lock, ...(await written(committed)) };
  }
}
