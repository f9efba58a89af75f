import { decode, encode, Token, Type, type DecodeOptions, type EncodeOptions } from 'cborg';
import { isWellFormed, plainBytes } from './bytes.js';
import type { ColumnValue } from './column-pack.js';
import { codeUnitsTag } from './column-write.js';
import { checkJsonData, itemsLimit, nestingLimit } from './json-data.js';
import { StrictTokenizer, strictDecoding } from './strict-tokenizer.spec.js';

/** What `ColumnWriter` must agree with to the byte: a general encoder, told the two things that columns do otherwise. */
export const encodeColumnByTwin = (values: readonly ColumnValue[]): Uint8Array => encode(values, encoding);

const encoding: EncodeOptions = {
  typeEncoders: {
    number: (value: number) => (Object.is(value, -0) ? new Token(Type.float, value) : null),
    string: (text: string) => (isWellFormed(text) ? null : codeUnits(text)),
  },
};
// cborg sorts keys unless this member is there and undefined, which its type does not know.
Object.assign(encoding, { mapSorter: undefined });

const codeUnits = (text: string): Token[] => [
  new Token(Type.tag, codeUnitsTag),
  new Token(Type.bytes, plainBytes(Buffer.from(text, 'utf16le'))),
];

/** What `ColumnReader` must agree with: a general decoder, told of all that has no place in a column. Undefined where it refuses. */
export function decodeColumnByTwin(encoded: Uint8Array): ColumnValue[] | undefined {
  try {
    const values: unknown = decode(encoded, { ...decoding, tokenizer: new StrictTokenizer(encoded, bounds) });
    if (!Array.isArray(values)) return undefined;
    checkJsonData(values);
    return values as ColumnValue[];
  } catch {
    return undefined;
  }
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
