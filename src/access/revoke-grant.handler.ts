import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, GrantId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';
import { accessKey } from './access-state.js';
import { revokeGrant, type Revoker } from './revoke-grant.js';

export class RevokeGrant extends Command<{ grant: GrantId } & Written> {
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
    const committed = await this.log.append(writeCommand(commandId, person, { grant, reason }), (head) =>
      revokeGrant(head.of(accessKey), { grant, by, reason }),
    );
    const { answer } = committed;
    if (answer.kind === 'grant_unknown') throw new Problem('grant_unknown');
    // Somebody revoked it before: that entry is theirs, and so is its receipt.
    if (answer.kind === 'revoked_before') return { grant, position: answer.position, receipts: [] };
    return { grant, ...(await written(committed)) };
  }
}
