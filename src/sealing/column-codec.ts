import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { decode, type DecodeOptions } from 'cborg';
import { isWellFormed, plainBytes } from './bytes.js';
import { codeUnitsTag, ColumnWriter } from './column-write.js';
import { checkJsonData, itemsLimit, nestingLimit, type Json } from './json-data.js';
import { pad, unpad } from './padme.js';
import { StrictTokenizer, strictDecoding } from './strict-tokenizer.js';

/** What one record has in a field: any JSON data, or undefined if the record lacks the field. */
export type ColumnValue = Json | undefined;

/** Of CBOR, before deflate. A few hundred bytes can inflate to gigabytes; nothing real comes near this. */
export const columnBytesLimit = 64 * 1024 * 1024;

/** Measured on rrweb and desktop input: 3.5% larger than level 6, 1.6 to 2.3 times as fast. Not part of the format. */
const deflateLevel = 4;

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
  return pad(deflateRawSync(encoded, { level: deflateLevel }));
}

/** The values, or undefined for anything that `packColumn` would not have written. */
export function unpackColumn(packed: Uint8Array): ColumnValue[] | undefined {
  const deflated = unpad(packed);
  if (deflated === undefined) return undefined;
  // zlib and cborg throw for malformed bytes, and put some of them into the message.
  try {
    const encoded = inflateWhole(deflated);
    const values: unknown =
      encoded && decode(encoded, { ...decoding, tokenizer: new StrictTokenizer(encoded, bounds) });
    if (!Array.isArray(values)) return undefined;
    checkJsonData(values);
    return values as ColumnValue[];
  } catch {
    return undefined;
  }
}

/** Undefined if anything follows the end of the deflate stream: zlib alone would not say so. */
function inflateWhole(deflated: Uint8Array): Uint8Array | undefined {
  const { buffer, engine } = inflateRawSync(deflated, { maxOutputLength: columnBytesLimit, info: true }) as unknown as {
    buffer: Buffer;
    engine: { bytesWritten: number };
  };
  return engine.bytesWritten === deflated.length ? plainBytes(buffer) : undefined;
}

const decoding: DecodeOptions = {
  ...strictDecoding,
  tags: {
    [codeUnitsTag]: (content) => {
      const units = content();
      if (!(units instanceof Uint8Array) || units.length % 2 !== 0) throw new TypeError('not UTF-16 code units');
      const text = Buffer.from(units).toString('utf16le');
      if (isWellFormed(text)) throw new TypeError('code units of a text that UTF-8 holds');
      return text;
    },
  },
};

/** The outer array and a tag come on top of what a value may have; a tagged text is two tokens for one item. */
const bounds = { levels: nestingLimit + 2, items: 2 * itemsLimit + 1 };
