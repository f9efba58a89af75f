import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { accessKey } from '../access/access-state.js';
import { reach, type Reach, type ReachFilter } from '../access/reach.js';
import { Log } from '../log/log.js';
import { stateAt, type Moment } from './moment.js';

export interface WhoCanReadAnswer {
  readonly position: number;
  readonly at: number;
  readonly checkpoint: string;
  readonly reach: readonly Reach[];
}

export class WhoCanRead extends Query<WhoCanReadAnswer> {
  constructor(
    readonly filter: ReachFilter,
    readonly moment: Moment | undefined,
  ) {
    super();
  }
}

@QueryHandler(WhoCanRead)
export class WhoCanReadHandler implements IQueryHandler<WhoCanRead> {
  constructor(private readonly log: Log) {}

  async execute({ filter, moment }: WhoCanRead): Promise<WhoCanReadAnswer> {
    const { position, at, checkpoint, state } = await stateAt(this.log, moment);
    return { position, at, checkpoint, reach: reach(state.of(accessKey), at, filter) };
  }
}
