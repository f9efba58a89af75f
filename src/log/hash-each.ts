import { hashBytes, sha256 } from '../merkle/hash.js';

export interface ToHash {
  /** End to end. */
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
}

/** The SHA-256 of each, end to end. */
export function hashEach({ bytes, lengths }: ToHash): Uint8Array {
  const hashes = new Uint8Array(lengths.length * hashBytes);
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    hashes.set(sha256(bytes.subarray(at, at + length)), index * hashBytes);
    at += length;
  }
  return hashes;
}
