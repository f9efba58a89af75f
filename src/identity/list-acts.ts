import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { ActId, PersonId, Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { pageOf, type AskedPage, type Page } from '../log/page.js';
import { Problem } from '../problem.js';
import { authorityKey, type ActState } from './authority.js';

export type ActStatus = 'open' | 'enforced' | 'lapsed';

export interface ActView {
  readonly act: ActId;
  readonly kind: string;
  /** All of it: whoever signs must see what is signed. */
  readonly body: unknown;
  readonly actHash: string;
  readonly state: ActStatus;
  readonly proposer: PersonId;
  readonly position: Position;
  readonly expiresAt: number;
  readonly needed: number;
  readonly signatures: readonly { readonly person: PersonId; readonly position: Position }[];
}

export class ListActs extends Query<Page<ActView>> {
  constructor(
    readonly state: ActStatus | undefined,
    readonly page: AskedPage,
  ) {
    super();
  }
}

@QueryHandler(ListActs)
export class ListActsHandler implements IQueryHandler<ListActs> {
  constructor(private readonly log: Log) {}

  async execute({ state, page }: ListActs): Promise<Page<ActView>> {
    const { acts } = (await this.log.refreshed()).of(authorityKey);
    return pageOf(acts.values(), page, (act) => {
      const view = viewAct(act, Date.now());
      return state === undefined || view.state === state ? view : undefined;
    });
  }
}

export class ShowAct extends Query<ActView> {
  constructor(readonly act: ActId) {
    super();
  }
}

@QueryHandler(ShowAct)
export class ShowActHandler implements IQueryHandler<ShowAct> {
  constructor(private readonly log: Log) {}

  async execute({ act: id }: ShowAct): Promise<ActView> {
    const act = (await this.log.refreshed()).of(authorityKey).acts.get(id);
    if (act === undefined) throw new Problem('act_unknown');
    return viewAct(act, Date.now());
  }
}

/** As it stood at `now`, epoch milliseconds. */
export function viewAct(act: ActState, now: number): ActView {
  const { id, kind, body, hash, proposer, position, expiresAt, needed, signatures, enforcedAt } = act;
  const state = enforcedAt !== undefined ? 'enforced' : now < expiresAt ? 'open' : 'lapsed';
  return {
    act: id,
    kind,
    body,
    actHash: hash,
    state,
    proposer,
    position,
    expiresAt,
    needed,
    signatures: [...signatures].map(([person, at]) => ({ person, position: at })),
  };
}
