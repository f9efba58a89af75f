import { argumentAt, argumentEnd, floatAt, major } from './canonical-scan.js';

/** Finds a text that is known already, so that it need not be made of its bytes again. */
export interface KnownTexts {
  at(bytes: Uint8Array, from: number, to: number): string | undefined;
}
const noneKnown: KnownTexts = { at: () => undefined };

/** Builds values out of bytes that `scanItem` has passed: nothing is checked here, and nothing need be. */
export class CanonicalBuilder {
  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    /** Names of members, where they come from a vocabulary: a fifth of what a header cost was its keys (measured). */
    private readonly names = noneKnown,
  ) {}

  /** Bytes in it are copies. */
  next(): unknown {
    const { bytes, at } = this;
    const type = (bytes[at] as number) >> 5;
    if (type === major.simple) return this.simple();
    const argument = argumentAt(bytes, at);
    this.at = argumentEnd(bytes, at);
    switch (type) {
      case major.unsigned:
        return argument;
      case major.negative:
        return -1 - argument;
      case major.bytes:
        return bytes.slice(this.at, (this.at += argument));
      case major.text:
        return this.text(argument);
      case major.array:
        return this.array(argument);
      default:
        return this.map(argument);
    }
  }

  private array(count: number): unknown[] {
    const items: unknown[] = [];
    for (let left = count; left > 0; left -= 1) items.push(this.next());
    return items;
  }

  private map(count: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let left = count; left > 0; left -= 1) {
      const key = this.key();
      setMember(map, key, this.next());
    }
    return map;
  }

  private key(): string {
    const from = argumentEnd(this.bytes, this.at);
    const to = from + argumentAt(this.bytes, this.at);
    const known = this.names.at(this.bytes, from, to);
    this.at = known === undefined ? from : to;
    return known ?? this.text(to - from);
  }

  private text(length: number): string {
    const from = this.at;
    return textAt(this.bytes, from, (this.at = from + length));
  }

  private simple(): null | boolean | number {
    const { bytes, at } = this;
    const info = (bytes[at] as number) & 31;
    if (info <= 22) {
      this.at = at + 1;
      return info === 22 ? null : info === 21;
    }
    this.at = at + 1 + 2 ** (info - 24);
    return floatAt(bytes, at);
  }
}

/** As it is assigned: by assignment itself, this one name would change the prototype. */
export function setMember<T>(map: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, ...asAssigned });
  else map[key] = value;
}
const asAssigned = { enumerable: true, writable: true, configurable: true };

/** Longer ones are quicker by a call to the decoder (measured, Node 20). */
const shortText = 24;
/** A byte order mark is text like any other. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of these bytes. @throws TypeError if they are no UTF-8 */
export function textAt(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > shortText) return utf8.decode(bytes.subarray(from, to));
  let text = '';
  for (let index = from; index < to; index += 1) {
    const byte = bytes[index] as number;
    if (byte >= 0x80) return utf8.decode(bytes.subarray(from, to));
    text += String.fromCharCode(byte);
  }
  return text;
}
