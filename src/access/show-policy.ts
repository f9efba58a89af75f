import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { Position } from '../log/ids.js';
import { Log } from '../log/log.js';
import { accessKey, type AccessState } from './access-state.js';
import type { Policy } from './policy.js';

export interface PolicyView {
  readonly policy: Policy;
  /** Hex. */
  readonly policyHash: string;
  /** Of the signature that put it in force; null for the built-in one. */
  readonly position: Position | null;
}

/** The policy in force. */
export class ShowPolicy extends Query<PolicyView> {}

@QueryHandler(ShowPolicy)
export class ShowPolicyHandler implements IQueryHandler<ShowPolicy> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<PolicyView> {
    return viewPolicy((await this.log.refreshed()).of(accessKey));
  }
}

export const viewPolicy = ({ policy, policyHash, policySince }: AccessState): PolicyView => ({
  policy,
  policyHash,
  position: policySince ?? null,
});
