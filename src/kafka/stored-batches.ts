import type { Entry, EntryOf } from '../log/header.js';
import type { Log } from '../log/log.js';
import { Problem } from '../problem.js';
import type { StoredMessage } from './read-message.js';

/**
 * How many records these batches hold, if each of them is in the log with exactly these columns: then a message about
 * them asks for nothing more. Undefined if one is not, or is another. What is in the log stays, so no head is needed.
 * @throws Problem log_unavailable
 */
export async function recordsStored(
  log: Pick<Log, 'reader'>,
  { session, subject, batches }: StoredMessage,
): Promise<number | undefined> {
  const entries = await log.reader.session(session).catch(() => {
    throw new Problem('log_unavailable');
  });
  const stored = new Map(entries.filter(isBatch).map((entry) => [hex(entry.id), entry]));
  let records = 0;
  for (const { id, columns } of batches) {
    const entry = stored.get(id);
    const isSame =
      entry?.subject === subject &&
      entry.columns.length === columns.length &&
      entry.columns.every(
        ({ field, sha256 }, at) => field === columns[at]?.field && hex(sha256) === columns[at]?.sha256,
      );
    if (!isSame) return undefined;
    records += entry.data.count;
  }
  return records;
}

const isBatch = (entry: Entry): entry is EntryOf<'session.batch'> => entry.type === 'session.batch';
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
