import { encode } from 'cborg';
import { CborRoom, head, simple } from './cbor-room.js';
import { isPlain } from './json-data.js';

const encoder = new TextEncoder();

/** Headers and statements are flat; bytes from elsewhere may not be. */
export const levelsLimit = 64;

/**
 * Deterministic CBOR, one encoding a value: shortest forms, definite lengths, keys sorted by length and then by
 * byte (RFC 8949 §4.2.3, "length-first"). For null, booleans, finite numbers, text, bytes, arrays and plain objects.
 *
 * @throws TypeError for anything else: undefined anywhere, an integer past 2^53 − 1, text that is not Unicode.
 */
export function encodeCanonical(value: unknown): Uint8Array {
  return writer.encode(value, levelsLimit);
}

/**
 * Writes one value as `encodeCanonical` promises it, in one pass that checks what it writes. Byte for byte what a
 * general encoder gives (`canonical-twin.spec.ts`), in a third of the time: every header of the log comes through here.
 */
export class CanonicalWriter extends CborRoom {
  /** A copy, in memory of its own. @throws TypeError, RangeError; neither says what the value was. */
  encode(value: unknown, levels: number): Uint8Array {
    // A getter of the value could come back here, and would write into the middle of what it is part of.
    return this.written(() => this.write(value, levels, levels)) ?? new CanonicalWriter().encode(value, levels);
  }

  private write(value: unknown, levels: number, limit: number): void {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.number(value);
    if (value === null) return this.byte(simple.null);
    if (typeof value === 'boolean') return this.byte(value ? simple.true : simple.false);
    if (value instanceof Uint8Array) return this.bytes(value);
    if (typeof value !== 'object') throw new TypeError(`no deterministic CBOR for a value of type ${typeof value}`);
    if (levels === 0) throw new RangeError(`nested more than ${limit} levels deep`);
    if (Array.isArray(value)) {
      this.head(head.array, value.length);
      for (let index = 0; index < value.length; index += 1) this.write(value[index], levels - 1, limit);
      return;
    }
    if (!isPlain(value)) throw new TypeError('no deterministic CBOR for an object with a prototype of its own');
    const keys = Object.keys(value);
    sortKeys(keys);
    this.head(head.map, keys.length);
    for (const key of keys) {
      this.text(key);
      this.write((value as Record<string, unknown>)[key], levels - 1, limit);
    }
  }

  protected override malformed(): never {
    throw new TypeError('no deterministic CBOR for text that is not well-formed Unicode');
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value)) return this.integer(value);
    if (!Number.isFinite(value)) throw new TypeError('no deterministic CBOR for a number that is not finite');
    // Past 2^53 − 1 two integers are one double, and would have one hash.
    if (Number.isInteger(value)) throw new TypeError('no deterministic CBOR for an integer past 2^53 - 1');
    // Rare in what is hashed here: the shortest float that holds it is for the library to find.
    this.raw(encode(value));
  }
}

/** Encoding is synchronous, so that one serves all. */
const writer = new CanonicalWriter();

/** By length and then by byte, of their UTF-8. In place, and quick where they are in order already. */
function sortKeys(keys: string[]): void {
  for (let index = 1; index < keys.length; index += 1) {
    if (compareKeys(keys[index - 1] as string, keys[index] as string) > 0) {
      keys.sort(compareKeys);
      return;
    }
  }
}

function compareKeys(a: string, b: string): number {
  if (isAscii(a) && isAscii(b)) return a.length - b.length || (a < b ? -1 : 1);
  const [left, right] = [encoder.encode(a), encoder.encode(b)];
  if (left.length !== right.length) return left.length - right.length;
  const at = left.findIndex((byte, index) => byte !== right[index]);
  return (left[at] ?? 0) - (right[at] ?? 0);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) >= 0x80) return false;
  return true;
}
