import { expectBytes } from './bytes.js';
import { deriveKey, keyBytes } from './derive.js';
import { openFrame, sealFrame } from './frame.js';
import { Secret } from './secret.js';
import { libsodium } from './sodium.js';

/** Which key this is and whose: a wrapped key that was moved to another row does not open. */
export interface SubjectKeyBinding {
  readonly subject: string;
  readonly keyId: string;
}

/** `publicKey` is computed from the secret one: what stands beside a wrapped key is believed in nothing. */
export type UnwrappedSubjectKey =
  | { readonly kind: 'opened'; readonly publicKey: Uint8Array; readonly secretKey: Secret }
  | { readonly kind: 'tampered' };

const format = { name: 'custos/subject-key', version: 1 } as const;

/** An X25519 key pair of 32 and 32 bytes: whoever has the public half can seal session keys, and not open them. */
export function generateSubjectKey(): { publicKey: Uint8Array; secretKey: Secret } {
  const { publicKey, privateKey } = libsodium().crypto_box_keypair();
  return { publicKey, secretKey: new Secret(privateKey) };
}

/** Seals a subject's secret key for the key store. 73 bytes: see frame.ts. */
export const wrapSubjectKey = (rootKey: Secret, binding: SubjectKeyBinding, secretKey: Secret): Uint8Array =>
  wrapSubjectKeyWithNonce(undefined, rootKey, binding, secretKey);

/** @internal For test vectors only: two keys wrapped under one nonce give each other away. */
export function wrapSubjectKeyWithNonce(
  nonce: Uint8Array | undefined,
  rootKey: Secret,
  { subject, keyId }: SubjectKeyBinding,
  secretKey: Secret,
): Uint8Array {
  expectBytes('secret key of subject', secretKey.bytes, keyBytes);
  return withWrappingKey(rootKey, (key) => sealFrame(format, key, { subject, keyId }, secretKey.bytes, nonce));
}

export function unwrapSubjectKey(
  rootKey: Secret,
  { subject, keyId }: SubjectKeyBinding,
  wrapped: Uint8Array,
): UnwrappedSubjectKey {
  const bytes = withWrappingKey(rootKey, (key) => openFrame(format, key, { subject, keyId }, wrapped));
  if (bytes?.length !== keyBytes) return { kind: 'tampered' };
  return { kind: 'opened', publicKey: libsodium().crypto_scalarmult_base(bytes), secretKey: new Secret(bytes) };
}

/**
 * A seed of 32 bytes for an Ed25519 key of the keyholder's own, the same one after each start.
 * A purpose has one key: two purposes never share one.
 */
export const deriveSigningSeed = (rootKey: Secret, purpose: string): Secret =>
  deriveKey(rootKey, 'signingSeed', purpose);

/** The root key itself encrypts and signs nothing: each purpose has a key derived from it. */
function withWrappingKey<T>(rootKey: Secret, use: (key: Secret) => T): T {
  const key = deriveKey(rootKey, 'subjectKeyWrap', '');
  try {
    return use(key);
  } finally {
    key.wipe();
  }
}
