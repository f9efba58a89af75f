import { timingSafeEqual } from 'node:crypto';

/** Refuses what is not exactly `length` bytes. The message names the argument and the lengths, never the content. */
export function checkBytes(title: string, bytes: Uint8Array, length?: number): void {
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${title}: not a Uint8Array`);
  if (length !== undefined && bytes.length !== length) {
    throw new RangeError(`${title}: ${bytes.length} bytes, not ${length}`);
  }
}

/** Refuses what is not a count that a number holds exactly, or is above `most`. */
export function checkCount(title: string, count: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!isCount(count) || count > most) throw new RangeError(`${title}: not an integer from 0 to ${most}`);
}

/** Above 2^53 - 1 two different sizes could be the same number, so such trees are out of reach, not approximated. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length;
}

/** Constant-time for equal lengths; a length is never a secret here. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
