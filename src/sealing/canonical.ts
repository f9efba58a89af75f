import { createHash } from 'node:crypto';
import { encode } from 'cborg';
import { isWellFormed, plainBytes, utf8 } from './bytes.js';
import { CanonicalBuilder } from './canonical-build.js';
import { levelsLimit, refuse, scanItem } from './canonical-scan.js';
import { isPlain } from './json-data.js';

/**
 * Deterministic CBOR, one encoding a value: shortest forms, definite lengths, keys sorted by length and then by
 * byte (RFC 8949 §4.2.3, "length-first"). For null, booleans, finite numbers, text, bytes, arrays and plain objects.
 *
 * @throws TypeError for anything else: undefined anywhere, an integer past 2^53 − 1, text that is not Unicode.
 */
export function encodeCanonical(value: unknown): Uint8Array {
  check(value, levelsLimit);
  // A copy: cborg may return a part of memory that it shares.
  return new Uint8Array(encode(value));
}

/**
 * Bytes in it come back as Uint8Array, copied.
 *
 * @throws Error with one constant message unless the bytes are exactly what `encodeCanonical` gives for some value.
 */
export function decodeCanonical(bytes: Uint8Array): unknown {
  const plain = plainBytes(bytes);
  if (scanItem(plain, 0, levelsLimit) !== plain.length) refuse();
  return new CanonicalBuilder(plain, 0).next();
}

/** SHA-256 of UTF-8 `domain` ‖ 0x00 ‖ `encodeCanonical(value)`: hashes for two purposes never meet. */
export function hashCanonical(domain: string, value: unknown): Uint8Array {
  if (domain.includes('\0')) throw new TypeError('domain of hash: holds a zero character');
  const hash = createHash('sha256').update(utf8('domain of hash', domain)).update(Uint8Array.of(0));
  return new Uint8Array(hash.update(encodeCanonical(value)).digest());
}

function check(value: unknown, levels: number): void {
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return;
  if (typeof value === 'string') return checkText(value);
  if (typeof value === 'number') return checkNumber(value);
  if (typeof value !== 'object') throw new TypeError(`no deterministic CBOR for a value of type ${typeof value}`);
  if (levels === 0) throw new RangeError(`nested more than ${levelsLimit} levels deep`);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) check(value[index], levels - 1);
    return;
  }
  if (!isPlain(value)) throw new TypeError('no deterministic CBOR for an object with a prototype of its own');
  for (const key of Object.keys(value)) {
    checkText(key);
    check((value as Record<string, unknown>)[key], levels - 1);
  }
}

function checkText(text: string): void {
  if (!isWellFormed(text)) throw new TypeError('no deterministic CBOR for text that is not well-formed Unicode');
}

function checkNumber(value: number): void {
  if (!Number.isFinite(value)) throw new TypeError('no deterministic CBOR for a number that is not finite');
  // Past 2^53 − 1 two integers are one double, and would have one hash.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new TypeError('no deterministic CBOR for an integer past 2^53 - 1');
  }
}
