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
  /** An answer for each post. */
  readonly decide: (head: Head) => Outcome<readonly Ingested[]>;
  readonly sealedBytes: number;
}
export type Intend = (open: OpenSession) => Promise<Intended>;

/** Stores records in their order, once each, if their subject consents where the head is; and answers for each of them. */
export class SessionWriter {
  constructor(
    private readonly log: Log,
    private readonly sessions: OpenSessions,
  ) {}

  /**
   * Posts of one session, one or more, are written together. `prepare` is called once, when it is this writer's turn; what
   * it returns, for each attempt.
   * @throws as `Log.appendTogether`; Problem session_contended, and those of the decision
   */
  async write(
    posts: readonly HandedIn[],
    prepare: (open: OpenSession) => Promise<Intend>,
  ): Promise<readonly IngestedAt[]> {
    const { session } = posts[0] as HandedIn;
    return this.sessions.inTurn(session, async (open) => {
      const intend = await prepare(open);
      for (let attempt = 1; attempt <= attempts; attempt += 1) {
        try {
          return await this.attempt(posts, open, intend);
        } catch (error) {
          if (!(error instanceof VersionConflict)) throw error;
          await this.sessions.refresh(session, open);
        }
      }
      throw new Problem('session_contended', { retryAfterSeconds: 1 });
    });
  }

  private async attempt(posts: readonly HandedIn[], open: OpenSession, intend: Intend): Promise<IngestedAt[]> {
    const { decide, sealedBytes } = await intend(open);
    const commands = posts.map((post, index) =>
      writeCommand(post.commandId, post.source, intentOf(post), index === 0 ? sealedBytes : 0),
    );
    const committed = await this.log.appendTogether(commands, decide);
    await this.sessions.refresh((posts[0] as HandedIn).session, open);
    // Nothing new is nothing written: then there is no position and no receipt.
    const position = committed.positions.at(-1) ?? null;
    const receipts = await committed.receipts();
    return committed.answer.map((answer) => ({ ...answer, position, receipts }));
  }
}

/** What was meant, without the content: the same sequence numbers are the same records. */
const intentOf = ({ session, subject, format, first, count }: HandedIn) => [session, subject, format, first, count];
