import { decode } from 'cborg';
import { encodeCanonical } from './canonical.js';
import { StrictTokenizer, strictDecoding } from './strict-tokenizer.js';

/**
 * What `decodeCanonical` must agree with: a general decoder, and then the encoder, which has the last word. Slow, and
 * right by construction: every canonical value is the encoding of itself. Undefined where it refuses.
 */
export function decodeByTwin(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    const tokenizer = new StrictTokenizer(bytes, { levels: 64, items: bytes.length });
    const value: unknown = decode(bytes, { ...strictDecoding, allowUndefined: false, tokenizer });
    return Buffer.compare(encodeCanonical(value), bytes) === 0 ? { value } : undefined;
  } catch {
    return undefined;
  }
}
