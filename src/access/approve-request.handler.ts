import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, GrantId, PersonId, RequestId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { refusedAt, written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';
import type { Envelope } from '../sealing/dsse.js';
import { approveRequest } from './approve-request.js';
import { accessKey } from './access-state.js';

interface Approved extends Written {
  readonly request: RequestId;
  readonly approvals: number;
  readonly needed: number;
  /** Once it is in force. */
  readonly grant: GrantId | null;
}

export class ApproveRequest extends Command<Approved> {
  constructor(
    readonly commandId: CommandId,
    readonly sender: PersonId,
    readonly request: RequestId,
    readonly envelope: Envelope,
  ) {
    super();
  }
}

@CommandHandler(ApproveRequest)
export class ApproveRequestHandler implements ICommandHandler<ApproveRequest> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, sender, request, envelope }: ApproveRequest): Promise<Approved> {
    const committed = await this.log.append(writeCommand(commandId, sender, { request, envelope }), (head) =>
      approveRequest(head.of(accessKey), { request, envelope }, head),
    );
    const { answer } = committed;
    if (answer.kind === 'request_unknown') throw new Problem('request_unknown');
    if (answer.kind === 'refused') {
      const { kind: _kind, ...why } = answer;
      const code = answer.exceeded === undefined ? 'approval_refused' : 'reach_exceeded';
      throw new Problem(code, { ...why, ...refusedAt(committed) });
    }
    const { approvals, needed, grant } = answer;
    return { request, approvals, needed, grant, ...(await written(committed)) };
  }
}
