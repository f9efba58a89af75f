import { nodeHash } from './hash.js';

/** Root of a perfect subtree, from a power of two of hashes. */
export function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, index) =>
      nodeHash(row[index * 2] as Uint8Array, row[index * 2 + 1] as Uint8Array),
    );
  }
  return row[0] as Uint8Array;
}
