import { inflateRawSync } from 'node:zlib';
import { plainBytes } from './bytes.js';
import { columnBytesLimit, type ColumnValue } from './column-pack.js';
import { ColumnReader } from './column-read.js';
import { unpad } from './padme.js';

/** The values, or undefined for anything that `packColumn` would not have written. */
export function unpackColumn(packed: Uint8Array): ColumnValue[] | undefined {
  const deflated = unpad(packed);
  if (deflated === undefined) return undefined;
  // zlib throws for malformed bytes, and says something of them.
  try {
    const encoded = inflateWhole(deflated);
    return encoded && new ColumnReader(encoded).values();
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
