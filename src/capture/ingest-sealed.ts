import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { authorityKey } from '../identity/authority.js';
import { subjectsKey } from '../keys/subjects.js';
import type { CommandId, PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { batchDraft, checkSealed, sourceKey } from './check-sealed.js';
import { suppression } from './consent.js';
import { formatOf } from './formats/formats.js';
import { OpenSessions } from './open-sessions.js';
import type { SealedBody, SealedPart } from './sealed-body.js';
import { SessionWriter, type Fresh, type IngestedAt, type SealedForLog } from './write-session.js';

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
    if (sealed !== undefined) await this.check(source, body, sealed);
    const handedIn = { commandId, source, ...about };
    return this.writer.write(handedIn, async () => (_open, fresh) => this.forLog(source, body, fresh));
  }

  private async check(source: PersonId, body: SealedBody, sealed: SealedPart): Promise<void> {
    const { publicKey } = await this.keyOf(source, sealed);
    const wrong = checkSealed(body, sealed, { origin: this.log.origin, publicKey });
    if (wrong !== undefined) throw new Problem(wrong);
  }

  private async forLog(source: PersonId, body: SealedBody, { from }: Fresh): Promise<SealedForLog | undefined> {
    const { session, subject, sealed, first, count } = body;
    if (from > first && from < first + count) throw new Problem('sequence_overlap', { expected: from });
    if (from === first + count || suppression(this.log.state, subject, Date.now()) !== undefined) return undefined;
    if (sealed === undefined) throw new Problem('records_unsealed');
    await this.keyOf(source, sealed);
    const { epoch, batches, rejected, signedBy } = sealed;
    const { id, keyId, sealedKey, signature } = epoch;
    const registered = await this.subjectKeyId(body);
    if (registered !== keyId) throw new Problem('subject_key_mismatch');
    return {
      epoch: { id, keyId, sealedKey, sealedBy: { key: signedBy, signature } },
      batches: batches.map((batch) => batchDraft({ session, subject }, sealed, batch)),
      rejected,
      // Why, the source knows: it has rejected them itself.
      problems: [],
      stands: (head) => sourceKey(head.of(authorityKey), sealed, { source, at: head.at }) !== undefined,
    };
  }

  /** Another instance may have enrolled it just now, so the state is read on before it is said to be unknown. */
  private async keyOf(source: PersonId, sealed: SealedPart) {
    const at = Date.now();
    const key =
      sourceKey(this.log.state.of(authorityKey), sealed, { source, at }) ??
      sourceKey((await this.log.refreshed()).of(authorityKey), sealed, { source, at });
    if (key === undefined) throw new Problem('source_key_unknown');
    return key;
  }

  private async subjectKeyId({ subject }: SealedBody): Promise<string | undefined> {
    const known = this.log.state.of(subjectsKey).get(subject);
    return (known ?? (await this.log.refreshed()).of(subjectsKey).get(subject))?.keyId;
  }
}
