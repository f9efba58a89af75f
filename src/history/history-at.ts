import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { programmeKey, type Programme } from '../capture/programme.js';
import { accessKey } from '../access/access-state.js';
import { reach, type Reach } from '../access/reach.js';
import { viewRequest, type RequestView } from '../access/request-view.js';
import { consentAt, consentKey } from '../capture/consent.js';
import { subjectsKey } from '../keys/subjects.js';
import type { Consent } from '../log/entries.js';
import type { SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { stateAt, type Moment } from './moment.js';

export interface HistoryAtAnswer {
  readonly position: number;
  readonly at: number;
  readonly checkpoint: string;
  readonly programme: Programme;
  readonly subjects: readonly { subject: SubjectId; key: 'registered' | 'erased' | 'none'; consent: Consent }[];
  readonly requests: readonly RequestView[];
  readonly reach: readonly Reach[];
}

/** The whole governance state at a moment: people, subjects, requests, grants, and who could read what. */
export class HistoryAt extends Query<HistoryAtAnswer> {
  constructor(readonly moment: Moment | undefined) {
    super();
  }
}

@QueryHandler(HistoryAt)
export class HistoryAtHandler implements IQueryHandler<HistoryAt> {
  constructor(private readonly log: Log) {}

  async execute({ moment }: HistoryAt): Promise<HistoryAtAnswer> {
    const { position, at, checkpoint, state } = await stateAt(this.log, moment);
    const access = state.of(accessKey);
    const keys = state.of(subjectsKey);
    const consents = state.of(consentKey);
    const subjects = [...new Set([...keys.keys(), ...consents.keys()])].sort().map((subject) => ({
      subject,
      key: keys.get(subject)?.kind ?? ('none' as const),
      consent: consentAt(consents, subject, at),
    }));
    const requests = [...access.requests.values()]
      .sort((a, b) => a.position - b.position)
      .map((request) => viewRequest(access, request, at));
    return {
      position,
      at,
      checkpoint,
      programme: state.of(programmeKey),
      subjects,
      requests,
      reach: reach(access, at),
    };
  }
}
