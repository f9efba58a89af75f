import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import { reachBetween, type ReachChange } from '../access/reach-effect.js';
import type { Governance } from '../log/governance.js';
import { Log } from '../log/log.js';
import type { Visit } from '../log/replay-headers.js';
import { governingOnly } from '../log/replay-page.js';
import { Problem } from '../problem.js';
import { changeBy, type Change } from './change.js';
import { spanOf, type Moment, type Span } from './moment.js';

/** Every change is held in memory and in one answer. */
const mostChanges = 10_000;

export interface HistoryDiffAnswer extends Span {
  /** In order; what was done and undone again is here as well. */
  readonly changes: readonly Change[];
  /** What all of it, and time, came to: reach as it was at the first moment against the second. */
  readonly gains: readonly ReachChange[];
  readonly losses: readonly ReachChange[];
}

/** What changed between two moments, by which entries, and who gained and lost which reach. */
export class HistoryDiff extends Query<HistoryDiffAnswer> {
  constructor(
    readonly from: Moment,
    readonly to: Moment,
  ) {
    super();
  }
}

@QueryHandler(HistoryDiff)
export class HistoryDiffHandler implements IQueryHandler<HistoryDiff> {
  constructor(private readonly log: Log) {}

  async execute(asked: HistoryDiff): Promise<HistoryDiffAnswer> {
    const { from, to } = await spanOf(this.log, asked.from, asked.to);
    let first: Governance | undefined;
    const changes: Change[] = [];
    const visit: Visit = (before, entry, after) => {
      first ??= before;
      const change = changeBy(before, entry, after);
      if (change !== undefined) changes.push(change);
      if (changes.length > mostChanges) throw new Problem('range_too_large', { limit: mostChanges });
    };
    const last = await this.log.walk({ from: from.position, to: to.position }, { visit, shown: governingOnly });
    const effect = reachBetween(
      { state: (first ?? last).of(accessKey), at: from.at },
      { state: last.of(accessKey), at: to.at },
    );
    return { from, to, changes, ...effect };
  }
}
