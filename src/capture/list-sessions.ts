import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { retentionKey } from '../keys/retention.js';
import { describeSession, type SessionSummary } from './show-session.js';

const mostOnAPage = 100;

export interface SessionPage {
  readonly sessions: readonly Omit<SessionSummary, 'fields'>[];
  /** Hand it back as `after` for the next page; null on the last one. */
  readonly next: number | null;
}

export class ListSessions extends Query<SessionPage> {
  constructor(
    readonly subject: SubjectId | undefined,
    readonly after: number,
    readonly limit: number = mostOnAPage,
  ) {
    super();
  }
}

@QueryHandler(ListSessions)
export class ListSessionsHandler implements IQueryHandler<ListSessions> {
  constructor(private readonly log: Log) {}

  async execute({ subject, after, limit }: ListSessions): Promise<SessionPage> {
    const most = Math.min(limit, mostOnAPage);
    const opened = await this.log.reader.sessions({ subject, after, limit: most });
    const sessions = [];
    for (const { data } of opened) {
      const { fields: _fields, ...session } = await this.describe(data.session);
      sessions.push(session);
    }
    return { sessions, next: opened.length < most ? null : (opened.at(-1)?.position ?? null) };
  }

  private async describe(session: SessionId): Promise<SessionSummary> {
    return describeSession(await this.log.reader.session(session), this.log.state.of(retentionKey));
  }
}
