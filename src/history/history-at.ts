import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { programmeKey, type Programme } from '../capture/programme.js';
import { accessKey, type BrokenGlass } from '../access/access-state.js';
import { unreviewed } from '../access/break-glass.js';
import { viewLocks, type LockView } from '../access/list-locks.js';
import { reach, type Reach } from '../access/reach.js';
import { viewRequest, type RequestView } from '../access/request-view.js';
import { viewPolicy, type PolicyView } from '../access/show-policy.js';
import { consentAt, consentKey } from '../capture/consent.js';
import { authorityKey } from '../identity/authority.js';
import { viewAct, type ActView } from '../identity/list-acts.js';
import { viewKeys, type KeyView } from '../identity/list-keys.js';
import { retentionKey } from '../keys/retention.js';
import { viewRetention, type FieldRetention } from '../keys/show-retention.js';
import { subjectsKey } from '../keys/subjects.js';
import type { Consent } from '../log/entries.js';
import type { SubjectId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { incidentKey, type Incident } from './incident.js';
import { stateAt, type Moment } from './moment.js';

export interface HistoryAtAnswer {
  readonly position: number;
  readonly at: number;
  readonly checkpoint: string;
  readonly programme: Programme;
  readonly policy: PolicyView;
  /** Of approvers, officers and sources, those too that do not count any more. */
  readonly keys: readonly KeyView[];
  /** Acts of officers that were still to be signed. */
  readonly acts: readonly ActView[];
  readonly locks: readonly LockView[];
  /** Fields for which a retention was set, or of which something was given up. */
  readonly retention: readonly FieldRetention[];
  readonly subjects: readonly { subject: SubjectId; key: 'registered' | 'erased' | 'none'; consent: Consent }[];
  readonly requests: readonly RequestView[];
  /** Break-glass grants that nobody had reviewed yet. */
  readonly unreviewed: readonly BrokenGlass[];
  readonly incidents: readonly Incident[];
  readonly reach: readonly Reach[];
}

/** The whole governance state at a moment, as every part of it is shown by itself, and who could read what. */
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
    const authority = state.of(authorityKey);
    const acts = [...authority.acts.values()].sort((a, b) => a.position - b.position).map((act) => viewAct(act, at));
    return {
      ...{ position, at, checkpoint },
      programme: state.of(programmeKey),
      policy: viewPolicy(access),
      keys: viewKeys(authority, at),
      acts: acts.filter((act) => act.state === 'open'),
      locks: viewLocks(access),
      retention: viewRetention(state.of(retentionKey), at).filter(isSet),
      subjects,
      requests,
      unreviewed: unreviewed(access),
      incidents: [...state.of(incidentKey).values()],
      reach: reach(access, at),
    };
  }
}

const isSet = ({ position, next, expired }: FieldRetention) => [position, next, expired].some((one) => one !== null);
