import { concatBytes, utf8 } from './bytes.js';

/** A `string` of RFC 4251 §5: its length in 4 bytes, then its bytes. */
export function wireString(bytes: Uint8Array | string): Uint8Array {
  const content = typeof bytes === 'string' ? utf8('SSH string', bytes) : bytes;
  return concatBytes(wireUint32(content.length), content);
}

export function wireUint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Takes one part after the other; what is not there is undefined, and then all that follows. */
export class WireReader {
  private at = 0;
  private broken = false;
  constructor(private readonly bytes: Uint8Array) {}

  take(length: number): Uint8Array | undefined {
    if (this.broken || length > this.bytes.length - this.at) {
      this.broken = true;
      return undefined;
    }
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  string(): Uint8Array | undefined {
    const length = this.take(4);
    return length === undefined ? undefined : this.take(new DataView(length.buffer).getUint32(0));
  }

  /** Whether everything was there, and nothing is left over. */
  get isSpent(): boolean {
    return !this.broken && this.at === this.bytes.length;
  }
}
