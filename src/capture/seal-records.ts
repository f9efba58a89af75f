import type { Draft, SealedColumn } from '../log/draft.js';
import { catalogueVersion, fieldNames } from '../log/fields.js';
import type { SessionId, SubjectId } from '../log/ids.js';
import { sealBatches, type Catalogue, type RecordToSeal } from '../sealing/seal-batches.js';
import type { Epoch } from './open-sessions.js';

export type { RecordToSeal } from '../sealing/seal-batches.js';

export const catalogue: Catalogue = { version: catalogueVersion, fields: fieldNames };

export interface SealTo {
  readonly origin: string;
  readonly session: SessionId;
  readonly subject: SubjectId;
  readonly epoch: Epoch;
}

export interface SealedRecords {
  readonly batches: readonly Draft<'session.batch'>[];
  /** Sequence numbers of records that no column can hold, not even alone. */
  readonly refused: readonly number[];
}

/** Seals consecutive runs of records into batch entries. */
export function sealRecords(records: readonly RecordToSeal[], to: SealTo): SealedRecords {
  const { origin, session, subject, epoch } = to;
  const { batches, refused } = sealBatches(records, { origin, session, catalogue, epoch });
  const drafts = batches.map(({ id, data, columns }): Draft<'session.batch'> => ({
    type: 'session.batch',
    stream: `session/${session}`,
    subject,
    id,
    data: { session, ...data },
    columns: columns as readonly SealedColumn[],
  }));
  return { batches: drafts, refused };
}
