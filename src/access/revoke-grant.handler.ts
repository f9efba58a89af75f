import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, GrantId, PersonId, Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { Problem } from '../problem.js';
import { accessKey } from './evolve.js';
import { revokeGrant, type Revoker } from './revoke-grant.js';

export class RevokeGrant extends Command<{ grant: GrantId; position: Position }> {
  constructor(
    readonly commandId: CommandId,
    readonly person: PersonId,
    readonly grant: GrantId,
    readonly by: Revoker,
    readonly reason: string,
  ) {
    super();
  }
}

@CommandHandler(RevokeGrant)
export class RevokeGrantHandler implements ICommandHandler<RevokeGrant> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, person, grant, by, reason }: RevokeGrant) {
    const { answer, positions } = await this.log.append(writeCommand(commandId, person, { grant, reason }), (head) =>
      revokeGrant(head.of(accessKey), { grant, by, reason }),
    );
    if (answer.kind === 'grant_unknown') throw new Problem('grant_unknown');
    return { grant, position: answer.kind === 'revoked_before' ? answer.position : (positions[0] as Position) };
  }
}
