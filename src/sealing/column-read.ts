import { isWellFormed } from './bytes.js';
import { setMember, textAt } from './canonical-build.js';
import { argumentAt, argumentEnd, floatAt, longArguments, major, refuse } from './canonical-scan.js';
import { codeUnitsTag } from './column-write.js';
import { itemsLimit, nestingLimit, type Json } from './json-data.js';

/** A major type that the log's own CBOR has no place for. */
const tag = 6;
const nameSlots = 64;
/** What stands in the lower five bits of an initial byte with major type 7 (RFC 8949 §3.3). */
const simple = { false: 20, true: 21, null: 22, undefined: 23, half: 25, double: 27 } as const;

/**
 * Reads the CBOR of a column (column-pack.ts) in one pass and without a token an item. It gives what a general decoder
 * gives that was told of everything that has no place in a column, and refuses what that one refuses
 * (`column-twin.spec.ts`). One use a reader.
 */
export class ColumnReader {
  private at = 0;
  private items = 0;
  /** Where a short name stands, and what it says: one of each hash, the one that was read last. */
  private readonly names = new Array<{ readonly at: number; readonly text: string } | undefined>(nameSlots).fill(
    undefined,
  );

  constructor(private readonly bytes: Uint8Array) {}

  /** @throws Error with one constant message for anything but one array of JSON data, within the limits of json-data.ts */
  values(): (Json | undefined)[] {
    const count = this.head(major.array);
    const values: (Json | undefined)[] = [];
    for (let left = count; left > 0; left -= 1) values.push(this.valueOrNone());
    return this.at === this.bytes.length ? values : refuse();
  }

  /** A record without the field. Nowhere further in there is such a thing. */
  private valueOrNone(): Json | undefined {
    if (this.bytes[this.at] !== ((major.simple << 5) | simple.undefined)) return this.value(nestingLimit);
    this.spend();
    this.at += 1;
    return undefined;
  }

  private value(levels: number): Json {
    this.spend();
    const { bytes, at } = this;
    const initial = bytes[at] ?? refuse();
    switch (initial >> 5) {
      case major.unsigned:
        return this.integer(Number.MAX_SAFE_INTEGER);
      case major.negative:
        return -1 - this.integer(Number.MAX_SAFE_INTEGER - 1);
      case major.array:
        return levels > 0 ? this.array(levels - 1) : refuse();
      case major.map:
        return levels > 0 ? this.map(levels - 1) : refuse();
      case major.simple:
        return this.simple(initial & 31);
      default:
        return this.text();
    }
  }

  /** Past these, two integers would be one number. */
  private integer(most: number): number {
    const argument = this.argument();
    return argument <= most ? argument : refuse();
  }

  private array(levels: number): Json[] {
    const items: Json[] = [];
    for (let left = this.head(major.array); left > 0; left -= 1) items.push(this.value(levels));
    return items;
  }

  private map(levels: number): Json {
    const map: Record<string, Json> = {};
    for (let left = this.head(major.map); left > 0; left -= 1) {
      this.spend();
      const key = this.key();
      if (Object.hasOwn(map, key)) refuse();
      setMember(map, key, this.value(levels));
    }
    return map;
  }

  /** Records of one kind name their members alike: a name that was read already is not made of its bytes again. */
  private key(): string {
    const { bytes, at, names } = this;
    const length = (bytes[at] ?? refuse()) - (major.text << 5);
    const end = at + 1 + length;
    if (length < 1 || length >= longArguments || end > bytes.length) return this.text();
    const slot = (31 * length + 7 * (bytes[at + 1] as number) + (bytes[end - 1] as number)) % nameSlots;
    const known = names[slot];
    if (known !== undefined && isSame(bytes, known.at, at, length)) {
      this.at = end;
      return known.text;
    }
    const text = this.text();
    names[slot] = { at, text };
    return text;
  }

  /** UTF-8, or the code units of a text that UTF-8 cannot hold. */
  private text(): string {
    const isTagged = (this.bytes[this.at] ?? 0) >> 5 === tag;
    if (isTagged && this.head(tag) !== codeUnitsTag) refuse();
    const from = this.within(this.head(isTagged ? major.bytes : major.text));
    if (!isTagged) return textAt(this.bytes, from, this.at);
    const units = Buffer.from(this.bytes.subarray(from, this.at));
    const text = units.toString('utf16le');
    return units.length % 2 === 0 && !isWellFormed(text) ? text : refuse();
  }

  private simple(info: number): null | boolean | number {
    if (info === simple.null || info === simple.true || info === simple.false) {
      this.at += 1;
      return info === simple.null ? null : info === simple.true;
    }
    if (info < simple.half || info > simple.double) refuse();
    const head = this.at;
    this.at += 1;
    this.within(2 ** (info - 24));
    const value = floatAt(this.bytes, head);
    return Number.isFinite(value) ? value : refuse();
  }

  /** The argument of an item that has to be of this major type. One that lies about its length ends with the bytes. */
  private head(type: number): number {
    if ((this.bytes[this.at] ?? refuse()) >> 5 !== type) refuse();
    return this.argument();
  }

  private argument(): number {
    const { bytes, at } = this;
    const argument = argumentAt(bytes, at);
    this.at = argumentEnd(bytes, at);
    return argument;
  }

  /** Passes so many bytes, and says where they began. */
  private within(length: number): number {
    const from = this.at;
    this.at += length;
    return this.at <= this.bytes.length ? from : refuse();
  }

  private spend(): void {
    this.items += 1;
    if (this.items > itemsLimit) refuse();
  }
}

/** Whether two texts are one, heads included. `length`: of the first, without its head, which is a byte. */
function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index <= length; index += 1) if (bytes[one + index] !== bytes[other + index]) return false;
  return true;
}
