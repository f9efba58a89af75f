import { libsodium } from './sodium.js';

/** Standard alphabet, with padding (RFC 4648 §4). */
export const toBase64 = (bytes: Uint8Array): string =>
  libsodium().to_base64(bytes, libsodium().base64_variants.ORIGINAL);

export const toHex = (bytes: Uint8Array): string => libsodium().to_hex(bytes);
