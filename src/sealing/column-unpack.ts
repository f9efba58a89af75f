import { inflateRawSync } from 'node:zlib';
import { decode, type DecodeOptions } from 'cborg';
import { isWellFormed, plainBytes } from './bytes.js';
import { columnBytesLimit, type ColumnValue } from './column-pack.js';
import { codeUnitsTag } from './column-write.js';
import { checkJsonData, itemsLimit, nestingLimit } from './json-data.js';
import { unpad } from './padme.js';
import { StrictTokenizer, strictDecoding } from './strict-tokenizer.js';

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
