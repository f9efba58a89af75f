import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import { Timeline, type TimelineEntry, type TimelineOf } from './timeline.js';

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
    const timeline = new Timeline(asked);
    await this.log.walk({ from: 0, to: position }, (_before, entry, after) => {
      timeline.add(entry, after.of(accessKey));
      if (timeline.entries.length > mostEntries) throw new Problem('range_too_large', { limit: mostEntries });
    });
    return { position, entries: timeline.entries };
  }
}
