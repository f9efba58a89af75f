import { encode } from 'cborg';
import { isPlain } from './json-data.js';

/** Major types of CBOR, in the upper three bits of an item's first byte (RFC 8949 §3.1). */
const head = { unsigned: 0x00, negative: 0x20, bytes: 0x40, text: 0x60, array: 0x80, map: 0xa0 } as const;
const simple = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;
const firstRoom = 4096;

/**
 * Writes one value as `encodeCanonical` promises it, in one pass that checks what it writes. Byte for byte what a
 * general encoder gives (`canonical-twin.spec.ts`), in a third of the time: every header of the log comes through here.
 */
export class CanonicalWriter {
  private room = Buffer.allocUnsafe(firstRoom);
  private length = 0;
  private busy = false;

  /** A copy, in memory of its own. @throws TypeError, RangeError; neither says what the value was. */
  encode(value: unknown, levels: number): Uint8Array {
    // A getter of the value could come back here, and would write into the middle of what it is part of.
    if (this.busy) return new CanonicalWriter().encode(value, levels);
    this.busy = true;
    this.length = 0;
    try {
      this.write(value, levels, levels);
      return new Uint8Array(this.room.subarray(0, this.length));
    } finally {
      this.busy = false;
      // What was large once is not kept for ever.
      if (this.room.length > 16 * firstRoom) this.room = Buffer.allocUnsafe(firstRoom);
    }
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

  private text(text: string): void {
    const start = this.length;
    this.head(head.text, text.length);
    this.reserve(text.length);
    const { room } = this;
    let at = this.length;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) {
        // As if nothing had been written: bytes and characters differ in number from here on.
        this.length = start;
        return this.longText(text);
      }
      room[at++] = code;
    }
    this.length = at;
  }

  private longText(text: string): void {
    if (!text.isWellFormed()) throw new TypeError('no deterministic CBOR for text that is not well-formed Unicode');
    const bytes = Buffer.byteLength(text, 'utf8');
    this.head(head.text, bytes);
    this.reserve(bytes);
    this.length += this.room.write(text, this.length, 'utf8');
  }

  private bytes(bytes: Uint8Array): void {
    this.head(head.bytes, bytes.length);
    this.reserve(bytes.length);
    this.room.set(bytes, this.length);
    this.length += bytes.length;
  }

  private number(value: number): void {
    if (Number.isSafeInteger(value)) {
      return value >= 0 ? this.head(head.unsigned, value) : this.head(head.negative, -1 - value);
    }
    if (!Number.isFinite(value)) throw new TypeError('no deterministic CBOR for a number that is not finite');
    // Past 2^53 − 1 two integers are one double, and would have one hash.
    if (Number.isInteger(value)) throw new TypeError('no deterministic CBOR for an integer past 2^53 - 1');
    // Rare in what is hashed here: the shortest float that holds it is for the library to find.
    const float = encode(value);
    this.reserve(float.length);
    this.room.set(float, this.length);
    this.length += float.length;
  }

  /** A first byte and the shortest form of an argument (RFC 8949 §4.2.1). */
  private head(major: number, argument: number): void {
    this.reserve(9);
    if (argument < 24) this.room[this.length++] = major | argument;
    else if (argument < 0x100) {
      this.room[this.length++] = major | 24;
      this.room[this.length++] = argument;
    } else if (argument < 0x10000) {
      this.room[this.length++] = major | 25;
      this.length = this.room.writeUInt16BE(argument, this.length);
    } else if (argument < 0x100000000) {
      this.room[this.length++] = major | 26;
      this.length = this.room.writeUInt32BE(argument, this.length);
    } else {
      this.room[this.length++] = major | 27;
      this.length = this.room.writeUInt32BE(Math.floor(argument / 0x100000000), this.length);
      this.length = this.room.writeUInt32BE(argument % 0x100000000, this.length);
    }
  }

  private byte(value: number): void {
    this.reserve(1);
    this.room[this.length++] = value;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.room.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.room.length * 2, this.length + bytes));
    this.room.copy(larger, 0, 0, this.length);
    this.room = larger;
  }
}

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
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length - right.length || Buffer.compare(left, right);
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) >= 0x80) return false;
  return true;
}
