import { encode, Token, Type, type EncodeOptions } from 'cborg';
import { isWellFormed, plainBytes } from './bytes.js';
import type { ColumnValue } from './column-pack.js';
import { codeUnitsTag } from './column-write.js';

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
