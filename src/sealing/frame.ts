import { nonceBytes, open, randomNonce, seal, tagBytes } from './aead.js';
import { concatBytes } from './bytes.js';
import { encodeCanonical } from './canonical-write.js';
import type { Secret } from './secret.js';

/** A format that is sealed under a key: its name goes into the binding, its version into the first byte too. */
export interface SealedFormat {
  readonly name: string;
  readonly version: number;
}

/** Bytes of a frame beside those of its message. */
export const frameBytes = 1 + nonceBytes + tagBytes;

export type Binding = Readonly<Record<string, string | number | Uint8Array>>;

/**
 * version (1 byte) ‖ nonce (24) ‖ XChaCha20-Poly1305 ciphertext ‖ tag (16)
 *
 * Authenticated beside it: the deterministic CBOR of the binding with `format` and `version` added, so neither
 * another format nor a later version of this one can be passed off as it.
 */
export function sealFrame(
  format: SealedFormat,
  key: Secret,
  binding: Binding,
  message: Uint8Array,
  nonce: Uint8Array = randomNonce(),
): Uint8Array {
  const sealed = seal(key, { nonce, boundTo: boundBytes(format, binding) }, message);
  return concatBytes(Uint8Array.of(format.version), nonce, sealed);
}

/** The message, or undefined if anything at all differs from what was sealed. */
export function openFrame(format: SealedFormat, key: Secret, binding: Binding, framed: Uint8Array) {
  if (framed.length < frameBytes || framed[0] !== format.version) return undefined;
  const nonce = framed.subarray(1, 1 + nonceBytes);
  return open(key, { nonce, boundTo: boundBytes(format, binding) }, framed.subarray(1 + nonceBytes));
}

const boundBytes = (format: SealedFormat, binding: Binding): Uint8Array =>
  encodeCanonical({ ...binding, format: format.name, version: format.version });
