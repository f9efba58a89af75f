import { VersionConflict } from '../log/decide-group.js';
import type { Head, Outcome } from '../log/draft.js';
import type { CommandId, PersonId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import type { Written } from '../log/written.js';
import { Problem } from '../problem.js';
import type { Ingested, Records } from './decide-records.js';
import type { OpenSession, OpenSessions } from './open-sessions.js';

const attempts = 8;

/** Records that a source hands in. */
export interface HandedIn extends Records {
  readonly commandId: CommandId;
  readonly source: PersonId;
}

export type IngestedAt = Ingested & Pick<Written, 'receipts'> & { position: number | null };

/** Made for the session as it is known to be; the log refuses it if it has moved on. */
export interface Intended {
  readonly decide: (head: Head) => Outcome<Ingested>;
  readonly sealedBytes: number;
}
export type Intend = (open: OpenSession) => Promise<Intended>;

/** Stores records in their order, once each, if their subject consents where the head is; and answers for each of them. */
export class SessionWriter {
  constructor(
    private readonly log: Log,
    private readonly sessions: OpenSessions,
  ) {}

  /** `prepare` is called once, when it is this writer's turn; what it returns, for each attempt. */
  async write(handedIn: HandedIn, prepare: (open: OpenSession) => Promise<Intend>): Promise<IngestedAt> {
    const { session } = handedIn;
    return this.sessions.inTurn(session, async (open) => {
      const intend = await prepare(open);
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        try {
          return await this.attempt(handedIn, open, intend);
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          await this.sessions.refresh(session, open);
        }
      }
      throw new Problem('session_contended', { retryAfterSeconds: 1 });
    });
  }

  private async attempt(handedIn: HandedIn, open: OpenSession, intend: Intend): Promise<IngestedAt> {
    const { commandId, source, session } = handedIn;
    const { decide, sealedBytes } = await intend(open);
    const command = writeCommand(commandId, source, intentOf(handedIn), sealedBytes);
    const committed = await this.log.append(command, decide);
    await this.sessions.refresh(session, open);
    // Nothing new is nothing written: then there is no position and no receipt.
    const { answer, positions } = committed;
    return { ...answer, position: positions.at(-1) ?? null, receipts: await committed.receipts() };
  }
}

/** What was meant, without the content: the same sequence numbers are the same records. */
const intentOf = ({ session, subject, format, first, count }: HandedIn) => [session, subject, format, first, count];
