import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { formatVerifyingKey, type VerifyingKey } from '../sealing/verifying-key.js';
import { authorityKey, type Authority } from './authority.js';

export interface KeyView {
  readonly keyId: string;
  readonly person: PersonId;
  readonly role: 'approver' | 'officer' | 'source';
  /** Base64, or a public line of OpenSSH. */
  readonly publicKey: string;
  readonly from: 'trust_file' | 'enrolment';
  readonly state: 'in_force' | 'expired' | 'revoked';
  readonly expiresAt?: number;
}

/** Whose signatures count, and whose did. */
export class ListKeys extends Query<KeyView[]> {}

@QueryHandler(ListKeys)
export class ListKeysHandler implements IQueryHandler<ListKeys> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<KeyView[]> {
    return viewKeys((await this.log.refreshed()).of(authorityKey), Date.now());
  }
}

export const viewKeys = ({ keys, sources, trust }: Authority, at: number): KeyView[] =>
  [...keys, ...sources.map((key) => ({ ...key, role: 'source' as const }))]
    .map(([keyId, { person, role, expiresAt, revokedAt, ...key }]): KeyView => ({
      keyId,
      person,
      role,
      publicKey: formatVerifyingKey(key satisfies VerifyingKey),
      from: trust.keys.has(keyId) || trust.sources.has(keyId) ? 'trust_file' : 'enrolment',
      state: revokedAt !== undefined ? 'revoked' : at < (expiresAt ?? Infinity) ? 'in_force' : 'expired',
      ...(expiresAt === undefined ? {} : { expiresAt }),
    }))
    .sort((a, b) => (a.person < b.person ? -1 : a.person > b.person ? 1 : a.keyId < b.keyId ? -1 : 1));
