import { concatBytes, expectBytes, utf8 } from './bytes.js';
import { Secret } from './secret.js';
import { libsodium } from './sodium.js';

export const keyBytes = 32;

/**
 * What a derived key is for. A key serves one purpose, so that a weakness in one use cannot reach another;
 * a new version of a format takes a new context, and thereby new keys. No context holds a zero byte.
 */
const contexts = {
  subjectKeyWrap: 'custos/subject-key-wrap/v1',
  signingSeed: 'custos/signing-seed/v1',
  column: 'custos/column/v1',
} as const;

/**
 * BLAKE2b-256 keyed with `key` (RFC 7693 §2.9), over context ‖ 0x00 ‖ UTF-8 of `name`. The first zero byte
 * ends the context, so no two pairs of context and name give the same input.
 */
export function deriveKey(key: Secret, context: keyof typeof contexts, name: string): Secret {
  expectBytes('key to derive from', key.bytes, keyBytes);
  const input = concatBytes(utf8('context', contexts[context]), Uint8Array.of(0), utf8('name of derived key', name));
  return new Secret(libsodium().crypto_generichash(keyBytes, input, key.bytes));
}
