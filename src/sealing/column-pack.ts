import { ColumnWriter } from './column-write.js';
import { deflate } from './deflate.js';
import { checkJsonData, type Json } from './json-data.js';
import { pad } from './padme.js';

/** What one record has in a field: any JSON data, or undefined if the record lacks the field. */
export type ColumnValue = Json | undefined;

/** Of CBOR, before deflate. A few hundred bytes can inflate to gigabytes; nothing real comes near this. */
export const columnBytesLimit = 64 * 1024 * 1024;

const writer = new ColumnWriter();

/**
 * pad(deflateRaw(CBOR array of the values)). CBOR as RFC 8949 has it, in the order of the keys, except that
 * - −0 is a float, where cborg would write the integer 0;
 * - a text that UTF-8 cannot hold, a key included, is tag 69 over its UTF-16 code units.
 *
 * @throws TypeError or RangeError for values that could not come back as they are (json-data.ts, columnBytesLimit).
 */
export function packColumn(values: readonly ColumnValue[]): Uint8Array {
  checkJsonData(values);
  const encoded = writer.encode(values);
  if (encoded.length > columnBytesLimit) {
    throw new RangeError(`column: at most ${columnBytesLimit} bytes of CBOR, got ${encoded.length}`);
  }
  return pad(deflate(encoded));
}
