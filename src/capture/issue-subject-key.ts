import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { SubjectKeys } from '../keys/subject-keys.js';
import type { SuppressionReason } from '../log/entries.js';
import type { SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { suppression } from './consent.js';

export interface IssuedSubjectKey {
  /** The log's name, which sealed columns are bound to. A source holds it against its own trust file. */
  readonly origin: string;
  readonly subject: SubjectId;
  /** Base64; null while records of the subject are suppressed: then not even a key is made. */
  readonly key: { readonly keyId: string; readonly publicKey: string; readonly attestation: string } | null;
  readonly suppressed: SuppressionReason | null;
}

/** The public key that a source seals a subject's records to, with the keyholder's word that it is the one. */
export class IssueSubjectKey extends Command<IssuedSubjectKey> {
  constructor(readonly subject: SubjectId) {
    super();
  }
}

@CommandHandler(IssueSubjectKey)
export class IssueSubjectKeyHandler implements ICommandHandler<IssueSubjectKey> {
  constructor(
    private readonly log: Log,
    private readonly subjectKeys: SubjectKeys,
  ) {}

  async execute({ subject }: IssueSubjectKey): Promise<IssuedSubjectKey> {
    const about = { origin: this.log.origin, subject };
    const why = suppression(await this.log.refreshed(), subject, Date.now());
    if (why !== undefined) return { ...about, key: null, suppressed: why };
    const key = await this.subjectKeys.of(subject);
    if (key === undefined) return { ...about, key: null, suppressed: 'erased' };
    const { keyId, publicKey, attestation } = key;
    return {
      ...about,
      key: { keyId, publicKey: base64(publicKey), attestation: base64(attestation) },
      suppressed: null,
    };
  }
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
