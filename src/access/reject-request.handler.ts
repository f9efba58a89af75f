import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, PersonId, RequestId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { refusedAt, written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';
import { accessKey } from './access-state.js';
import { rejectRequest } from './reject-request.js';

export class RejectRequest extends Command<{ request: RequestId } & Written> {
  constructor(
    readonly commandId: CommandId,
    readonly approver: PersonId,
    readonly request: RequestId,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(RejectRequest)
export class RejectRequestHandler implements ICommandHandler<RejectRequest> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, approver, request, reason }: RejectRequest) {
    const committed = await this.log.append(writeCommand(commandId, approver, { request, reason }), (head) =>
      rejectRequest(head.of(accessKey), { request, reason }, head),
    );
    const { answer } = committed;
    if (answer.kind === 'request_unknown') throw new Problem('request_unknown');
    if (answer.kind === 'refused')
      throw new Problem('approval_refused', { rules: answer.rules, ...refusedAt(committed) });
    return { request, ...(await written(committed)) };
  }
}
