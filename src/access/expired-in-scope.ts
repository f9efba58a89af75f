import { leftOfColumns } from '../keys/expired-columns.js';
import type { ExpiredColumn } from '../keys/keyholder-port.js';
import { countedBatches } from '../keys/released-batches.js';
import type { FieldName } from '../log/fields.js';
import type { SessionId } from '../log/ids.js';
import type { Log } from '../log/log.js';
import { retentionKey } from '../keys/retention.js';

export interface ExpiredInScope extends ExpiredColumn {
  readonly session: SessionId;
}

interface Asked {
  readonly fields: readonly FieldName[];
  readonly sessions: readonly { readonly session: SessionId }[];
  readonly from: number;
  readonly to: number;
}

/** What a scope names and retention has taken already, as it is now. */
export async function expiredInScope(log: Log, { fields, sessions, ...range }: Asked): Promise<ExpiredInScope[]> {
  const retention = log.state.of(retentionKey);
  if (retention.expired.isEmpty()) return [];
  const found: ExpiredInScope[] = [];
  for (const { session } of sessions) {
    const { batches } = countedBatches(await log.reader.session(session), range);
    const { expired } = leftOfColumns(retention, batches, fields, range);
    found.push(...expired.map((one) => ({ session, ...one })));
  }
  return found;
}
