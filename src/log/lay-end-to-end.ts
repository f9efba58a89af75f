/**
 * Many byte strings as one parameter of a statement, cut again by SQL's substring, which counts from 1. pg sends an
 * array of buffers as hex text, twice the bytes, and a row a statement costs a round trip each.
 */
export function layEndToEnd(parts: readonly Uint8Array[]): { bytes: Buffer; starts: number[]; lengths: number[] } {
  const lengths = parts.map(({ length }) => length);
  let next = 1;
  const starts = lengths.map((length) => (next += length) - length);
  return { bytes: Buffer.concat(parts), starts, lengths };
}
