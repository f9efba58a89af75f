import { Readable } from 'node:stream';
import type { FieldName } from '../log/fields.js';
import type { Position } from '../log/ids.js';
import { Problem } from '../problem.js';
import type { Disclosed } from './disclose.handler.js';

/** For a reader who reads to be told why it ends: the keyholder gives nothing from the end on. */
const lastWordsMs = 5_000;
const longestTimerMs = 2 ** 31 - 1;

/**
 * A disclosure as NDJSON: the receipt first, then the records, then `end`. Without its last line it was cut off;
 * what breaks it off midway is said in a line of its own, since the status was sent already. Soon after `end`, epoch
 * milliseconds, it is broken off at the latest, however slowly it is read: the log says then how far it came.
 */
export function disclosureStream(disclosed: Disclosed, end: number): Readable {
  const body = Readable.from(begun(chunks(disclosed)), { objectMode: false });
  const timer = setTimeout(() => body.destroy(), Math.min(Math.max(end + lastWordsMs - Date.now(), 0), longestTimerMs));
  return body.once('close', () => clearTimeout(timer));
}

/**
 * Ended before it has begun, a generator runs nothing, its `finally` neither: a reader who was gone by then would leave the
 * keyholder with an open key, and the log without the disclosure's end. It begins here, whoever reads on.
 */
function begun(source: AsyncGenerator<string>): AsyncIterable<string> {
  let first: Promise<IteratorResult<string>> | undefined = source.next();
  const next = () => {
    const chunk = first ?? source.next();
    first = undefined;
    return chunk;
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: () => source.return(undefined) }) };
}

async function* chunks({ batches, ...about }: Disclosed): AsyncGenerator<string> {
  const { disclosure, receipt, session, format, fields } = about;
  // What stands in front goes out with the first records, which are there already: so many writes are so many system calls.
  let front = line({ kind: 'receipt', disclosure, receipt }) + line({ kind: 'session', session, format, fields });
  let records = 0;
  const gone = new Map<FieldName, { position: Position; records: number }>();
  try {
    for await (const { sequences, times, columns, expired } of batches) {
      for (const { field, position, records: lost } of expired) {
        gone.set(field, { position, records: (gone.get(field)?.records ?? 0) + lost });
      }
      // What is undefined, JSON leaves out: a time that was not granted, a field that a record does not have.
      const lines = sequences.map((sequence, index) => {
        const values: Partial<Record<FieldName, unknown>> = {};
        for (const field of fields) values[field] = columns[field]?.[index];
        return line({ kind: 'record', sequence, time: times[index], fields: values });
      });
      yield front + lines.join('');
      front = '';
      records += sequences.length;
    }
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem('internal');
    yield front + line({ kind: 'problem', ...problem.toJSON() });
    return;
  }
  // The fifth answer, beside plaintext, erased, unknown key and tampered: it was there, and the log gave it up.
  const expired = [...gone].map(([field, lost]) => line({ kind: 'expired', field, ...lost }));
  yield front + expired.join('') + line({ kind: 'end', records });
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
