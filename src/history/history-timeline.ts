import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import type { RequestId } from '../log/ids.js';
import { Log } from '../log/log.js';
import type { Visit } from '../log/replay-headers.js';
import { Problem } from '../problem.js';
import { Timeline, told, type TimelineEntry, type TimelineOf } from './timeline.js';

const mostEntries = 10_000;

export interface TimelineAnswer {
  /** Of the log's first `position` entries. */
  readonly position: number;
  readonly entries: readonly TimelineEntry[];
}

/** What happened around one session, person, grant or subject, and what followed from what. */
export class HistoryTimeline extends Query<TimelineAnswer> {
  constructor(readonly asked: TimelineOf) {
    super();
  }
}

@QueryHandler(HistoryTimeline)
export class HistoryTimelineHandler implements IQueryHandler<HistoryTimeline> {
  constructor(private readonly log: Log) {}

  async execute({ asked }: HistoryTimeline): Promise<TimelineAnswer> {
    const { size: position } = await this.log.reader.head();
    const { requests } = (await this.log.refreshed()).of(accessKey);
    // The service draws a request's id in the command that writes it: nothing below can have named it. The id of an act
    // comes from whoever proposes it.
    const from = requests.get(asked.grant as string as RequestId)?.position ?? 0;
    const timeline = new Timeline(asked);
    const visit: Visit = (_before, entry, after) => {
      timeline.add(entry, after.of(accessKey));
      if (timeline.entries.length > mostEntries) throw new Problem('range_too_large', { limit: mostEntries });
    };
    await this.log.walk({ from: Math.min(from, position), to: position }, { visit, shown: told });
    return { position, entries: timeline.entries };
  }
}
