import { concatBytes, expectBytes } from './bytes.js';
import { deriveKey, keyBytes } from './derive.js';
import { randomBytes } from './random.js';
import { Secret } from './secret.js';
import { libsodium } from './sodium.js';

export type OpenedSessionKey = { readonly kind: 'opened'; readonly sessionKey: Secret } | { readonly kind: 'tampered' };

const version = 1;
/** crypto_box_seal adds an ephemeral public key (32 bytes) and a tag (16). */
const sealedBytes = 1 + 32 + keyBytes + 16;

/** 32 random bytes, for one epoch of one session. */
export const generateSessionKey = (): Secret => new Secret(randomBytes(keyBytes));

/**
 * version (1 byte) ‖ crypto_box_seal (80): anonymous public-key encryption to the subject. The writer forgets
 * the session key when the session ends and has then no way back to it.
 *
 * It does not say who sealed it. That comes from the log entry which carries it.
 */
export function sealSessionKey(publicKey: Uint8Array, sessionKey: Secret): Uint8Array {
  expectBytes('public key of subject', publicKey, keyBytes);
  expectBytes('session key', sessionKey.bytes, keyBytes);
  return concatBytes(Uint8Array.of(version), libsodium().crypto_box_seal(sessionKey.bytes, publicKey));
}

/** Whether bytes have the form of a sealed session key. Whether it opens, only the keyholder can tell. */
export const isSealedSessionKey = (sealed: Uint8Array): boolean =>
  sealed.length === sealedBytes && sealed[0] === version;

export function openSessionKey(
  { publicKey, secretKey }: { readonly publicKey: Uint8Array; readonly secretKey: Secret },
  sealed: Uint8Array,
): OpenedSessionKey {
  expectBytes('public key of subject', publicKey, keyBytes);
  expectBytes('secret key of subject', secretKey.bytes, keyBytes);
  if (!isSealedSessionKey(sealed)) return { kind: 'tampered' };
  try {
    const opened = libsodium().crypto_box_seal_open(sealed.subarray(1), publicKey, secretKey.bytes);
    return { kind: 'opened', sessionKey: new Secret(opened) };
  } catch {
    return { kind: 'tampered' };
  }
}

/** A field's own key: who holds the key of `url` can neither open nor forge a column of `screen`. */
export const columnKey = (sessionKey: Secret, field: string): Secret => deriveKey(sessionKey, 'column', field);
