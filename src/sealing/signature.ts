import { expectBytes } from './bytes.js';
import { randomBytes } from './random.js';
import { Secret } from './secret.js';
import { libsodium } from './sodium.js';

export const seedBytes = 32;
export const publicKeyBytes = 32;
export const signatureBytes = 64;

/** An Ed25519 key (RFC 8032 §5.1.5): the seed of 32 bytes is the private key. */
export function generateSigningKey(): { publicKey: Uint8Array; seed: Secret } {
  const seed = new Secret(randomBytes(seedBytes));
  return { publicKey: publicKeyOf(seed), seed };
}

/** The 32 bytes that `verify` takes, from the seed. */
export const publicKeyOf = (seed: Secret): Uint8Array => withExpandedSeed(seed, ({ publicKey }) => publicKey);

/** Ed25519, deterministic: the same message gets the same 64 bytes. */
export const sign = (seed: Secret, message: Uint8Array): Uint8Array =>
  withExpandedSeed(seed, ({ privateKey }) => libsodium().crypto_sign_detached(message, privateKey));

/**
 * False for every signature that is not valid, one of a wrong length or under a key of a wrong length included.
 * libsodium refuses keys of small order and non-canonical encodings, so a signature has one form.
 */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isBytes(publicKey, publicKeyBytes) || !isBytes(signature, signatureBytes)) return false;
  return libsodium().crypto_sign_verify_detached(signature, message, publicKey);
}

const isBytes = (value: unknown, length: number): boolean => value instanceof Uint8Array && value.length === length;

function withExpandedSeed<T>(seed: Secret, use: (pair: { publicKey: Uint8Array; privateKey: Uint8Array }) => T): T {
  expectBytes('signing seed', seed.bytes, seedBytes);
  const pair = libsodium().crypto_sign_seed_keypair(seed.bytes);
  try {
    return use(pair);
  } finally {
    pair.privateKey.fill(0);
  }
}
