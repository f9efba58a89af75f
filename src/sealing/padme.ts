/** ISO/IEC 7816-4: the mark that ends the data; only zeros follow it. */
const mark = 0x80;

/**
 * Padmé gives short lengths away nearly to the byte, and a column of a few keystrokes is short. Below this, all
 * columns look the same.
 */
export const smallestPaddedBytes = 64;

/** Lengths past this are no column of ours, and 32-bit arithmetic ends there. */
const largestBytes = 2 ** 31;

/**
 * The length to which Padmé pads `n` bytes: at most 12% more, and never more than O(log log n) bits given away
 * (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019(4),
 * §4.3, Algorithm 1).
 */
export function padmeLength(n: number): number {
  if (!Number.isInteger(n) || n < 0 || n > largestBytes) {
    throw new RangeError(`length to pad: expected 0 to ${largestBytes}, got ${n}`);
  }
  if (n < 2) return n;
  const exponent = floorLog2(n);
  const keptBits = floorLog2(exponent) + 1;
  const step = 2 ** (exponent - keptBits);
  return Math.ceil(n / step) * step;
}

/**
 * data ‖ 0x80 ‖ zeros, up to the Padmé length. A mark rather than a length prefix: it costs one byte, not four,
 * and no second number has to agree with the length of the data.
 */
export function pad(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array(paddedBytes(data.length));
  padded.set(data);
  padded[data.length] = mark;
  return padded;
}

/** Whether `pad` gives this length for some data. */
export const isPaddedLength = (length: number): boolean =>
  length === smallestPaddedBytes || (length > smallestPaddedBytes && padmeLength(length) === length);

/**
 * The data, or undefined if `padded` is not exactly what `pad` gives for it. Only for bytes that were already
 * authenticated: it does not take the same time for all of them.
 */
export function unpad(padded: Uint8Array): Uint8Array | undefined {
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (end < 0 || padded[end] !== mark || padded.length !== paddedBytes(end)) return undefined;
  return padded.subarray(0, end);
}

const paddedBytes = (dataBytes: number): number => Math.max(smallestPaddedBytes, padmeLength(dataBytes + 1));

const floorLog2 = (n: number): number => 31 - Math.clz32(n);
