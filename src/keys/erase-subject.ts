import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { CommandId, PersonId, Position, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { ownCommand, writeCommand } from '../log/write-command.js';
import type { Written } from '../log/written.js';
import { Problem } from '../problem.js';
import type { KeyholderPort } from './keyholder-port.js';
import { KEYHOLDER } from './keyholder-token.js';
import { subjectsKey } from './subjects.js';

/** What the keyholder certifies; anyone checks the signature with the key in the trust file. */
export interface ErasureCertificate {
  readonly subject: SubjectId;
  readonly keyId: string;
  readonly tombstone: Position;
  /** Base64. */
  readonly signature: string;
}

/** The position is that of the tombstone; it has a receipt here if this command wrote it. */
interface Erased extends Written {
  readonly subject: SubjectId;
  readonly certificate: ErasureCertificate;
}

export class EraseSubject extends Command<Erased> {
  constructor(
    readonly commandId: CommandId,
    readonly asker: PersonId,
    readonly subject: SubjectId,
  ) {
    super();
  }
}

@CommandHandler(EraseSubject)
export class EraseSubjectHandler implements ICommandHandler<EraseSubject> {
  constructor(
    private readonly log: Log,
    @Inject(KEYHOLDER) private readonly keyholder: KeyholderPort,
  ) {}

  /**
   * The tombstone comes first: from its position on nothing opens. If we stop before the key is destroyed, the
   * keyholder destroys it at its next start, and the same erasure asked again goes on from here.
   */
  async execute({ commandId, asker, subject }: EraseSubject): Promise<Erased> {
    const erased = await this.log.append(writeCommand(commandId, asker, { subject }), (head) => {
      const known = head.of(subjectsKey).get(subject);
      if (known === undefined) throw new Problem('subject_unknown');
      if (known.kind === 'erased') return { entries: [], answer: known.tombstone };
      return {
        entries: [{ type: 'subject.erased', stream: `subject/${subject}`, subject, data: { keyId: known.keyId } }],
        answer: head.size as Position,
      };
    });
    const position = erased.answer;
    const { keyId, certificate } = await this.keyholder.destroy(position);
    const destroyed = await this.log.append(ownCommand(`destroyed:${position}`), () => ({
      entries: [
        {
          type: 'key.destroyed',
          stream: `subject/${subject}`,
          subject,
          data: { keyId, tombstone: position, certificate },
        },
      ],
      answer: null,
    }));
    const signature = Buffer.from(certificate).toString('base64');
    const receipts = (await Promise.all([erased.receipts(), destroyed.receipts()])).flat();
    return { subject, position, receipts, certificate: { subject, keyId, tombstone: position, signature } };
  }
}
