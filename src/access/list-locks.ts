import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { Actor, LockTarget } from '../log/entries.js';
import type { LockId, Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { accessKey, type AccessState } from './access-state.js';

export interface LockView {
  readonly lock: LockId;
  readonly target: LockTarget;
  readonly reason: string;
  readonly by: Actor;
  readonly position: Position;
}

/** The locks in force now. */
export class ListLocks extends Query<LockView[]> {}

@QueryHandler(ListLocks)
export class ListLocksHandler implements IQueryHandler<ListLocks> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<LockView[]> {
    return viewLocks((await this.log.refreshed()).of(accessKey));
  }
}

export const viewLocks = ({ locks }: AccessState): LockView[] =>
  [...locks.values()].sort((a, b) => a.position - b.position);
