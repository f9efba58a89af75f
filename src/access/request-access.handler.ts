import { randomUUID } from 'node:crypto';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { countedBatches } from '../keys/released-batches.js';
import type { CommandId, PersonId, RequestId, SessionId, SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { writeCommand } from '../log/write-command.js';
import { refusedAt, written, type Written } from '../log/written.js';
import { Problem } from '../problem.js';
import { accessKey } from './access-state.js';
import { expiredInScope, type ExpiredInScope } from './expired-in-scope.js';
import { requestAccess, type RequestAnswer, type SessionFound } from './request-access.js';
import { mostSessions, type ScopeBody } from './scope.js';

type Made = Omit<Extract<RequestAnswer, { kind: 'made' }>, 'kind'> &
  Written & {
    /** What of it retention has taken already: nobody should sign, or wait, for what is not there. */
    readonly expired: readonly ExpiredInScope[];
  };

export class RequestAccess extends Command<Made> {
  constructor(
    readonly commandId: CommandId,
    readonly requester: PersonId,
    readonly body: ScopeBody,
  ) {
    super();
  }
}

@CommandHandler(RequestAccess)
export class RequestAccessHandler implements ICommandHandler<RequestAccess> {
  constructor(private readonly log: Log) {}

  async execute({ commandId, requester, body }: RequestAccess): Promise<Made> {
    const sessions = await this.sessionsNamed(body);
    const request = randomUUID() as RequestId;
    const committed = await this.log.append(writeCommand(commandId, requester, body), (head) =>
      requestAccess(head.of(accessKey), { request, requester, body, sessions }, head),
    );
    const { answer } = committed;
    if (answer.kind === 'refused')
      throw new Problem('request_refused', { rules: answer.rules, ...refusedAt(committed) });
    const { kind: _kind, ...made } = answer;
    const expired = await expiredInScope(this.log, { ...body, sessions });
    return { ...made, ...(await written(committed)), expired };
  }

  /** What the request means right now: sessions of a subject that begin later are not in it. */
  private async sessionsNamed(body: ScopeBody): Promise<SessionFound[]> {
    const bySubject = await Promise.all(body.subjects.map((subject) => this.sessionsOf(subject)));
    const names = [...new Set([...body.sessions, ...bySubject.flat()])].slice(0, mostSessions + 1);
    const found: SessionFound[] = [];
    for (const session of names) found.push(await this.find(session, body));
    return found;
  }

  private async sessionsOf(subject: SubjectId): Promise<SessionId[]> {
    const opened = await this.log.reader.sessions({ subject, after: -1, limit: mostSessions + 1 });
    return opened.map(({ data }) => data.session);
  }

  private async find(session: SessionId, range: { from: number; to: number }): Promise<SessionFound> {
    const entries = await this.log.reader.session(session);
    const subject = entries.find(({ type }) => type === 'session.opened')?.subject;
    if (subject === undefined) throw new Problem('session_unknown');
    return { session, subject, records: countedBatches(entries, range).records };
  }
}
