import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { PersonId, RequestId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { pageOf, type AskedPage, type Page } from '../log/page.js';
import { Problem } from '../problem.js';
import type { RequestStatus } from './access-state.js';
import { accessKey } from './access-state.js';
import { expiredInScope, type ExpiredInScope } from './expired-in-scope.js';
import type { ReachEffect } from './reach-effect.js';
import { effectOfRequest } from './reach-guard.js';
import { viewRequest, type RequestView } from './request-view.js';

/** Whose requests somebody may see: an approver everyone's, a researcher their own. */
export type Visible = { readonly of: 'everyone' } | { readonly of: 'one'; readonly person: PersonId };

export class ListRequests extends Query<Page<RequestView>> {
  constructor(
    readonly visible: Visible,
    readonly state: RequestStatus | undefined,
    readonly page: AskedPage,
  ) {
    super();
  }
}

@QueryHandler(ListRequests)
export class ListRequestsHandler implements IQueryHandler<ListRequests> {
  constructor(private readonly log: Log) {}

  async execute({ visible, state, page }: ListRequests): Promise<Page<RequestView>> {
    const access = (await this.log.refreshed()).of(accessKey);
    return pageOf(access.requests.values(), page, (request) => {
      if (!sees(visible, request.requester)) return undefined;
      const view = viewRequest(access, request, Date.now());
      return state === undefined || view.state === state ? view : undefined;
    });
  }
}

type RequestDetail = RequestView & {
  readonly expired: readonly ExpiredInScope[];
  /** Who would gain what if it were granted now; null where it can no longer be. */
  readonly reach: Omit<ReachEffect, 'losses'> | null;
};

export class ShowRequest extends Query<RequestDetail> {
  constructor(
    readonly visible: Visible,
    readonly request: RequestId,
  ) {
    super();
  }
}

@QueryHandler(ShowRequest)
export class ShowRequestHandler implements IQueryHandler<ShowRequest> {
  constructor(private readonly log: Log) {}

  /** Somebody else's request and one that does not exist get the same answer. */
  async execute({ visible, request: id }: ShowRequest): Promise<RequestDetail> {
    const access = (await this.log.refreshed()).of(accessKey);
    const request = access.requests.get(id);
    if (request === undefined || !sees(visible, request.requester)) throw new Problem('request_unknown');
    const view = viewRequest(access, request, Date.now());
    const { gains, exceeded } = effectOfRequest(access, request, Date.now());
    const expired = await expiredInScope(this.log, request.scope);
    return { ...view, expired, reach: view.state === 'open' ? { gains, exceeded } : null };
  }
}

const sees = (visible: Visible, requester: PersonId) => visible.of === 'everyone' || visible.person === requester;
