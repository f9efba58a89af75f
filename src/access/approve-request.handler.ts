import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, GrantId, PersonId, Position, RequestId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { Problem } from '../problem.js';
import type { Envelope } from '../sealing/dsse.js';
import { approveRequest } from './approve-request.js';
import { accessKey } from './evolve.js';

interface Approved {
  readonly request: RequestId;
  readonly approvals: number;
  readonly needed: number;
  /** Once it is in force. */
  readonly grant: GrantId | null;
  readonly position: Position;
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
    const { answer, positions } = await this.log.append(
      writeCommand(commandId, sender, { request, envelope }),
      (head) => approveRequest(head.of(accessKey), { request, envelope }, head),
    );
    if (answer.kind === 'request_unknown') throw new Problem('request_unknown');
    if (answer.kind === 'refused') throw new Problem('approval_refused', { rules: answer.rules });
    const { approvals, needed, grant } = answer;
    return { request, approvals, needed, grant, position: positions[0] as Position };
  }
}
