import { createHash } from 'node:crypto';
import { plainBytes, utf8 } from './bytes.js';
import { CanonicalBuilder } from './canonical-build.js';
import { refuse, scanItem } from './canonical-scan.js';
import { encodeCanonical, levelsLimit } from './canonical-write.js';

export { encodeCanonical } from './canonical-write.js';

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
