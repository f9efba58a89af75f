import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { PersonId } from '../log/ids.js';
import { Log } from '../log/log.js';
import { ingestKeysKey } from './ingest-keys.js';

export interface IngestKeyView {
  readonly keyId: string;
  readonly source: PersonId;
  readonly state: 'in_force' | 'expired' | 'revoked';
  readonly expiresAt: number;
}

/** Which sources may send with a key, and might. The HMAC stands in the act. */
export class ListIngestKeys extends Query<IngestKeyView[]> {}

@QueryHandler(ListIngestKeys)
export class ListIngestKeysHandler implements IQueryHandler<ListIngestKeys> {
  constructor(private readonly log: Log) {}

  async execute(): Promise<IngestKeyView[]> {
    const keys = (await this.log.refreshed()).of(ingestKeysKey);
    const at = Date.now();
    return [...keys]
      .map(([keyId, { source, expiresAt, revokedAt }]): IngestKeyView => ({
        keyId,
        source,
        state: revokedAt !== undefined ? 'revoked' : at < expiresAt ? 'in_force' : 'expired',
        expiresAt,
      }))
      .sort((a, b) => (a.source + a.keyId < b.source + b.keyId ? -1 : 1));
  }
}
