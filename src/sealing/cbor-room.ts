/** Major types of CBOR, in the upper three bits of an item's first byte (RFC 8949 §3.1). */
export const head = {
  unsigned: 0x00,
  negative: 0x20,
  bytes: 0x40,
  text: 0x60,
  array: 0x80,
  map: 0xa0,
  tag: 0xc0,
} as const;
export const simple = { false: 0xf4, true: 0xf5, null: 0xf6, undefined: 0xf7 } as const;
const firstRoom = 4096;

/** Memory that grows, and the items of CBOR that all of our encodings write alike. What is kept between two uses is bounded. */
export abstract class CborRoom {
  protected room = Buffer.allocUnsafe(firstRoom);
  protected length = 0;
  private busy = false;

  /** What `write` writes: a copy, in memory of its own. Undefined if this room is being written to right now. */
  protected written(write: () => void): Uint8Array | undefined {
    if (this.busy) return undefined;
    this.busy = true;
    this.length = 0;
    try {
      write();
      return new Uint8Array(this.room.subarray(0, this.length));
    } finally {
      this.busy = false;
      // What was large once is not kept for ever.
      if (this.room.length > 16 * firstRoom) this.room = Buffer.allocUnsafe(firstRoom);
    }
  }

  /** A text that UTF-8 cannot hold. */
  protected abstract malformed(text: string): void;

  protected text(text: string): void {
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
    if (!text.isWellFormed()) return this.malformed(text);
    const bytes = Buffer.byteLength(text, 'utf8');
    this.head(head.text, bytes);
    this.reserve(bytes);
    this.length += this.room.write(text, this.length, 'utf8');
  }

  protected bytes(bytes: Uint8Array): void {
    this.head(head.bytes, bytes.length);
    this.raw(bytes);
  }

  protected raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.room.set(bytes, this.length);
    this.length += bytes.length;
  }

  protected integer(value: number): void {
    if (value >= 0) this.head(head.unsigned, value);
    else this.head(head.negative, -1 - value);
  }

  /** A first byte and the shortest form of an argument (RFC 8949 §4.2.1). */
  protected head(major: number, argument: number): void {
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

  protected byte(value: number): void {
    this.reserve(1);
    this.room[this.length++] = value;
  }

  protected reserve(bytes: number): void {
    if (this.length + bytes <= this.room.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.room.length * 2, this.length + bytes));
    this.room.copy(larger, 0, 0, this.length);
    this.room = larger;
  }
}
