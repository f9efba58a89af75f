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
const encoder = new TextEncoder();

/**
 * Memory that grows, and the items of CBOR that all of our encodings write alike. What is kept between two uses is
 * bounded. Nothing of Node's: a source seals in a browser too.
 */
export abstract class CborRoom {
  protected room = new Uint8Array(firstRoom);
  protected view = new DataView(this.room.buffer);
  protected length = 0;
  private busy = false;

  /** What `write` writes: a copy, in memory of its own. Undefined if this room is being written to right now. */
  protected written(write: () => void): Uint8Array | undefined {
    if (this.busy) return undefined;
    this.busy = true;
    this.length = 0;
    try {
      write();
      return this.room.slice(0, this.length);
    } finally {
      this.busy = false;
      // What was large once is not kept for ever.
      if (this.room.length > 16 * firstRoom) this.moveTo(new Uint8Array(firstRoom));
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
    // How many bytes there are is known when they are there: written past the longest head, then moved up to their own.
    this.reserve(9 + 3 * text.length);
    const from = this.length + 9;
    const { written } = encoder.encodeInto(text, this.room.subarray(from));
    this.head(head.text, written);
    this.room.copyWithin(this.length, from, from + written);
    this.length += written;
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
      this.view.setUint16(this.length, argument);
      this.length += 2;
    } else if (argument < 0x100000000) {
      this.room[this.length++] = major | 26;
      this.view.setUint32(this.length, argument);
      this.length += 4;
    } else {
      this.room[this.length++] = major | 27;
      this.view.setUint32(this.length, Math.floor(argument / 0x100000000));
      this.view.setUint32(this.length + 4, argument % 0x100000000);
      this.length += 8;
    }
  }

  protected byte(value: number): void {
    this.reserve(1);
    this.room[this.length++] = value;
  }

  protected reserve(bytes: number): void {
    if (this.length + bytes <= this.room.length) return;
    const larger = new Uint8Array(Math.max(this.room.length * 2, this.length + bytes));
    larger.set(this.room.subarray(0, this.length));
    this.moveTo(larger);
  }

  private moveTo(room: Uint8Array<ArrayBuffer>): void {
    this.room = room;
    this.view = new DataView(room.buffer);
  }
}
