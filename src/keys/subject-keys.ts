import { type Log } from '../log/log.js';
import type { SubjectId } from '../log/ids.js';
import type { KeyholderPort } from './keyholder-port.js';
import { ownCommand } from '../log/write-command.js';
import { codeOf } from '../problem.js';
import { subjectsKey, type Subjects } from './subjects.js';

export interface SealingKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** The keyholder's signature over subject, key id and public key. */
  readonly attestation: Uint8Array;
}

/** The public half: whoever writes gets a subject's public key, from the log, and nothing that opens. */
export class SubjectKeys {
  constructor(
    private readonly log: Log,
    private readonly keyholder: KeyholderPort,
  ) {}

  /**
   * The key to seal to. A subject seen for the first time gets one from the keyholder, and it is in the log
   * before anything is sealed to it. Undefined for an erased subject.
   */
  async of(subject: SubjectId): Promise<SealingKey | undefined> {
    const known = this.log.state.of(subjectsKey).get(subject);
    if (known !== undefined) return known.kind === 'registered' ? known : undefined;
    const made = await this.keyholder.register(subject).catch(erasedSinceWeLooked);
    if (made === undefined) return undefined;
    const { keyId, publicKey, attestation } = made;
    await this.log.append(ownCommand(`register:${keyId}`), (head) => ({
      entries: isKnown(head.of(subjectsKey), subject)
        ? []
        : [
            {
              type: 'subject.registered',
              stream: `subject/${subject}`,
              subject,
              data: { keyId, publicKey, attestation },
            },
          ],
      answer: null,
    }));
    const registered = this.log.state.of(subjectsKey).get(subject);
    return registered?.kind === 'registered' ? registered : undefined;
  }
}

/** The keyholder has read on to a tombstone that another instance wrote. */
function erasedSinceWeLooked(error: unknown): undefined {
  if (codeOf(error) !== 'subject_erased') throw error;
}

const isKnown = (subjects: Subjects, subject: SubjectId) => subjects.has(subject);
