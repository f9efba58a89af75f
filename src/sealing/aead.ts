import { expectBytes } from './bytes.js';
import { keyBytes } from './derive.js';
import { randomBytes } from './random.js';
import type { Secret } from './secret.js';
import { libsodium } from './sodium.js';

export const nonceBytes = 24;
export const tagBytes = 16;

/** Safe to draw at random: among 2^80 nonces of 24 bytes under one key, a repetition has odds of 2^-33. */
export const randomNonce = (): Uint8Array => randomBytes(nonceBytes);

/** `boundTo` is authenticated and not stored: whoever opens must bring the same bytes. */
export interface AeadInput {
  readonly nonce: Uint8Array;
  readonly boundTo: Uint8Array;
}

/**
 * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03 §2). Returns ciphertext ‖ tag.
 *
 * One path for every size. OpenSSL's ChaCha20-Poly1305 would be faster above 8 KB, but needs HChaCha20 for its
 * key, which libsodium's standard build does not export, and we write no cipher of our own. The spec beside
 * this file keeps that construction as a twin: both give the same bytes, so the format leaves the way open.
 */
export function seal(key: Secret, { nonce, boundTo }: AeadInput, message: Uint8Array): Uint8Array {
  expectBytes('key', key.bytes, keyBytes);
  expectBytes('nonce', nonce, nonceBytes);
  return libsodium().crypto_aead_xchacha20poly1305_ietf_encrypt(message, boundTo, null, nonce, key.bytes);
}

/** The message, or undefined if key, nonce, binding, ciphertext or tag is not what it was when it was sealed. */
export function open(key: Secret, { nonce, boundTo }: AeadInput, sealed: Uint8Array): Uint8Array | undefined {
  expectBytes('key', key.bytes, keyBytes);
  expectBytes('nonce', nonce, nonceBytes);
  if (sealed.length < tagBytes) return undefined;
  // libsodium throws one error for a wrong tag and for having no memory left. Both deny.
  try {
    return libsodium().crypto_aead_xchacha20poly1305_ietf_decrypt(null, sealed, boundTo, nonce, key.bytes);
  } catch {
    return undefined;
  }
}
