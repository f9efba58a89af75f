import { createHash } from 'node:crypto';
import { plainBytes, utf8 } from './bytes.js';
import { CanonicalBuilder } from './canonical-build.js';
import { levelsLimit, refuse, scanItem } from './canonical-scan.js';
import { CanonicalWriter } from './canonical-write.js';

/**
 * Deterministic CBOR, one encoding a value: shortest forms, definite lengths, keys sorted by length and then by
 * byte (RFC 8949 §4.2.3, "length-first"). For null, booleans, finite numbers, text, bytes, arrays and plain objects.
 *
 * @throws TypeError for anything else: undefined anywhere, an integer past 2^53 − 1, text that is not Unicode.
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return writer.encode(value, levelsLimit);
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

/** Encoding is synchronous, so that one serves all. */
const writer = new CanonicalWriter();
