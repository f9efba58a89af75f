import { emptySession, evolveSession, type SessionState } from '../capture/session-state.js';
import type { SessionId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import type { Sessions } from './decide-messages.js';

/** Some kilobytes each at most. Past it those written longest ago are forgotten, and read again when they are needed. */
const mostSessions = 10_000;

/** The sessions that one partition brings. What is remembered here the log's stream versions check. */
export class SessionStates {
  private readonly states = new Map<SessionId, SessionState>();

  constructor(private readonly log: Pick<Log, 'reader'>) {}

  /** Those of all these, also where nothing was written of them yet. */
  async of(sessions: Iterable<SessionId>): Promise<Sessions> {
    const wanted = [...new Set(sessions)];
    const unknown = wanted.filter((session) => !this.states.has(session));
    if (unknown.length > 0) await this.read(unknown);
    return new Map(wanted.map((session) => [session, this.states.get(session) ?? emptySession]));
  }

  /** What a commit left. */
  adopt(sessions: Sessions): void {
    for (const [session, state] of sessions) {
      this.states.delete(session); // so that it stands last: the map's order is that of the last write
      this.states.set(session, state);
    }
    for (const session of this.states.keys()) {
      if (this.states.size <= mostSessions) break;
      this.states.delete(session);
    }
  }

  forget(): void {
    this.states.clear();
  }

  private async read(sessions: readonly SessionId[]): Promise<void> {
    const streams = new Map(sessions.map((session) => [`session/${session}`, session]));
    const entries = await this.log.reader.streams([...streams.keys()]).catch(() => {
      throw new Problem('log_unavailable');
    });
    for (const session of sessions) this.states.set(session, emptySession);
    for (const entry of entries) {
      const session = streams.get(entry.stream) as SessionId;
      this.states.set(session, evolveSession(this.states.get(session) as SessionState, entry));
    }
  }
}
