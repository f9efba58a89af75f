import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import { toHex } from '../access/hex.js';
import { policyHash, type Policy } from '../access/policy.js';
import { Log } from '../log/log.js';
import { Exposure, told, type ExposureFilter } from './exposure.js';
import type { ExposureRow, ExposureSummary, Window } from './exposure-rows.js';
import { spanOf, type Moment, type Span } from './moment.js';

export interface ExposureAnswer extends Span {
  /** Hex; of the policy that was supposed, null where the answer is about the one in force. */
  readonly ifPolicy: string | null;
  /** Of all, whatever page this is. */
  readonly summary: ExposureSummary;
  readonly rows: readonly ExposureRow[];
  /** What to ask for as `after` to get the next rows; null if there are none. */
  readonly next: number | null;
}

/** Who could read what between two moments, who did, and of which releases nobody knows what became. */
export class HistoryExposure extends Query<ExposureAnswer> {
  constructor(
    readonly span: { readonly from: Moment; readonly to: Moment },
    readonly filter: ExposureFilter,
    readonly window: Window,
    readonly policy: Policy | undefined,
  ) {
    super();
  }
}

@QueryHandler(HistoryExposure)
export class HistoryExposureHandler implements IQueryHandler<HistoryExposure> {
  constructor(private readonly log: Log) {}

  async execute({ span, filter, window, policy }: HistoryExposure): Promise<ExposureAnswer> {
    const { from, to } = await spanOf(this.log, span.from, span.to);
    const asked = { from, filter, window, ...(policy === undefined ? {} : { policy }) };
    const exposure = new Exposure(asked, (await this.log.stateAtSize(from.position)).of(accessKey));
    await this.log.walk(
      { from: from.position, to: to.position },
      {
        visit: (before, entry, after) => exposure.add(before.of(accessKey), entry, after.of(accessKey)),
        shown: told,
        passed: (position, at) => exposure.pass(position, at),
      },
    );
    return { from, to, ifPolicy: policy === undefined ? null : toHex(policyHash(policy)), ...exposure.end(to) };
  }
}
