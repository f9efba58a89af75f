import { Readable } from 'node:stream';
import { Problem } from '../problem.js';
import type { Disclosed } from './disclose.handler.js';

/**
 * A disclosure as NDJSON: the receipt first, then the records, then `end`. Without its last line it was cut off;
 * what breaks it off midway is said in a line of its own, since the status was sent already.
 */
export function disclosureStream(disclosed: Disclosed): Readable {
  return Readable.from(chunks(disclosed), { objectMode: false });
}

async function* chunks({ batches, ...about }: Disclosed): AsyncGenerator<string> {
  const { disclosure, receipt, session, format, fields } = about;
  yield line({ kind: 'receipt', disclosure, receipt });
  yield line({ kind: 'session', session, format, fields });
  let records = 0;
  try {
    for await (const { sequences, times, columns } of batches) {
      const lines = sequences.map((sequence, index) => {
        const values = fields.flatMap((field) => {
          const value = columns[field]?.[index];
          return value === undefined ? [] : [[field, value] as const];
        });
        const time = times[index];
        return line({
          kind: 'record',
          sequence,
          ...(time === undefined ? {} : { time }),
          fields: Object.fromEntries(values),
        });
      });
      yield lines.join('');
      records += sequences.length;
    }
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem('internal');
    yield line({ kind: 'problem', ...problem.toJSON() });
    return;
  }
  yield line({ kind: 'end', records });
}

const line = (value: unknown) => `${JSON.stringify(value)}\n`;
