import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { Actor, LockTarget } from '../log/entries.js';
import type { LockId, Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { pageOf, type AskedPage, type Page } from '../log/page.js';
import { accessKey, type AccessState } from './access-state.js';

export interface LockView {
  readonly lock: LockId;
  readonly target: LockTarget;
  readonly reason: string;
  readonly by: Actor;
  readonly position: Position;
}

/** The locks in force now. */
export class ListLocks extends Query<Page<LockView>> {
  constructor(readonly page: AskedPage) {
    super();
  }
}

@QueryHandler(ListLocks)
export class ListLocksHandler implements IQueryHandler<ListLocks> {
  constructor(private readonly log: Log) {}

  async execute({ page }: ListLocks): Promise<Page<LockView>> {
    return pageOf((await this.log.refreshed()).of(accessKey).locks.values(), page, (lock) => lock);
  }
}

export const viewLocks = ({ locks }: AccessState): LockView[] =>
  [...locks.values()].sort((a, b) => a.position - b.position);
