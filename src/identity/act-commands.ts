import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Committed } from '../log/draft.js';
import type { ActId, CommandId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { refusedAt, written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';
import type { Envelope } from '../sealing/dsse.js';
import type { Act } from './act.js';
import { authorityKey } from './authority.js';
import { proposeAct } from './propose-act.js';
import { signatureOnAct, type ActAnswer } from './sign-act.js';

/** The position is that of the signature. */
export interface SignedAct extends Written {
  readonly act: ActId;
  readonly signatures: number;
  readonly needed: number;
  readonly enforced: boolean;
}

export class ProposeAct extends Command<SignedAct> {
  constructor(
    readonly commandId: CommandId,
    readonly proposer: PersonId,
    readonly asked: Act & { readonly act: ActId; readonly envelope: Envelope },
  ) {
    super();
  }
}

@CommandHandler(ProposeAct)
export class ProposeActHandler implements ICommandHandler<ProposeAct> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, proposer, asked }: ProposeAct): Promise<SignedAct> {
    return answered(
      await this.log.append(writeCommand(commandId, proposer, asked), (head) =>
        proposeAct(head.of(authorityKey), { ...asked, proposer }, head),
      ),
    );
  }
}

export class SignAct extends Command<SignedAct> {
  constructor(
    readonly commandId: CommandId,
    readonly sender: PersonId,
    readonly act: ActId,
    readonly envelope: Envelope,
  ) {
    super();
  }
}

@CommandHandler(SignAct)
export class SignActHandler implements ICommandHandler<SignAct> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, sender, act, envelope }: SignAct): Promise<SignedAct> {
    return answered(
      await this.log.append(writeCommand(commandId, sender, { act, envelope }), (head) =>
        signatureOnAct(head.of(authorityKey), { act, envelope }, head),
      ),
    );
  }
}

async function answered(committed: Committed<ActAnswer>): Promise<SignedAct> {
  const { answer } = committed;
  if (answer.kind === 'act_unknown') throw new Problem('act_unknown');
  if (answer.kind === 'refused') throw new Problem('act_refused', { rules: answer.rules, ...refusedAt(committed) });
  if (answer.kind === 'objected') {
    const { kind: _kind, code, ...why } = answer;
    throw new Problem(code, { ...why, ...refusedAt(committed) });
  }
  const { act, signatures, needed, enforced } = answer;
  return { act, signatures, needed, enforced, ...(await written(committed)) };
}
