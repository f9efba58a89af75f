import { decode, encode } from 'cborg';
import { isWellFormed } from './bytes.js';
import { isPlain } from './json-data.js';
import { StrictTokenizer, strictDecoding } from './strict-tokenizer.spec.js';

/**
 * What `decodeCanonical` must agree with: a general decoder, and then the encoder, which has the last word. Slow, and
 * right by construction: every canonical value is the encoding of itself. Undefined where it refuses.
 */
export function decodeByTwin(bytes: Uint8Array): { value: unknown } | undefined {
  try {
    const tokenizer = new StrictTokenizer(bytes, { levels: 64, items: bytes.length });
    const value: unknown = decode(bytes, { ...strictDecoding, allowUndefined: false, tokenizer });
    return Buffer.compare(encodeByTwin(value), bytes) === 0 ? { value } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What `encodeCanonical` must agree with: first what it refuses, then a general encoder, which puts keys in this order
 * by default.
 */
export function encodeByTwin(value: unknown): Uint8Array {
  check(value, 64);
  return new Uint8Array(encode(value));
}

function check(value: unknown, levels: number): void {
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'string') return refuseUnless(isWellFormed(value));
  if (typeof value === 'number') {
    return refuseUnless(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value));
  }
  refuseUnless(typeof value === 'object' && levels > 0);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) check(value[index], levels - 1);
    return;
  }
  refuseUnless(isPlain(value as object));
  for (const [key, member] of Object.entries(value as object)) {
    check(key, levels);
    check(member, levels - 1);
  }
}

function refuseUnless(holds: boolean): void {
  if (!holds) throw new TypeError('refused');
}
