import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Head } from '../log/draft.js';
import type { CommandId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { requireSealed, sourceOf } from './check-sealed.js';
import { freshOf } from './decide-records.js';
import { decideSealed } from './decide-sealed.js';
import { formatOf } from './formats/formats.js';
import { OpenSessions } from './open-sessions.js';
import type { SealedBody } from './sealed-body.js';
import { sealedBytesOf } from './sealed-bytes.js';
import { SessionWriter, type IngestedAt } from './write-session.js';

/** Records that their source has sealed: they are stored as plain ones are, and nobody here has ever seen them. */
export class IngestSealed extends Command<IngestedAt> {
  constructor(
    readonly commandId: CommandId,
    readonly source: PersonId,
    readonly body: SealedBody,
  ) {
    super();
  }
}

@CommandHandler(IngestSealed)
export class IngestSealedHandler implements ICommandHandler<IngestSealed> {
  private readonly writer: SessionWriter;

  constructor(
    private readonly log: Log,
    sessions: OpenSessions,
  ) {
    this.writer = new SessionWriter(log, sessions);
  }

  /** Hashes and signatures are checked before the head is taken, and whether the key still counts once more there. */
  async execute({ commandId, source, body }: IngestSealed): Promise<IngestedAt> {
    formatOf(body.format);
    const { sealed, ...about } = body;
    if (sealed !== undefined) {
      const key = await sourceOf(this.log, sealed);
      if (key?.person !== source) throw new Problem('source_key_unknown');
      requireSealed(body, sealed, { origin: this.log.origin, publicKey: key.publicKey });
    }
    const [answer] = await this.writer.write([{ commandId, source, ...about }], async () => async ({ state }) => {
      freshOf(state, body); // so that what is refused anyway takes nobody's time at the head
      const sealedBytes = sealedBytesOf(sealed?.batches);
      const decide = (head: Head) => {
        const { entries, answer } = decideSealed(head, state, source, body);
        return { entries, answer: [answer] };
      };
      return { decide, sealedBytes };
    });
    return answer as IngestedAt;
  }
}
