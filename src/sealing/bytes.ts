/** @throws TypeError or RangeError that names what was asked for and the length given, never the content. */
export function expectBytes(title: string, bytes: Uint8Array, length: number): void {
  // Callers from JavaScript, and rows of a database, are not held to the type.
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${title}: expected bytes, got ${typeof bytes}`);
  if (bytes.length !== length) {
    throw new RangeError(`${title}: expected ${length} bytes, got ${bytes.length}`);
  }
}

const loneSurrogate = /\p{Surrogate}/u;

/** Whether UTF-8 can hold this text. With a lone surrogate it cannot: two texts would become the same bytes. */
export const isWellFormed = (text: string): boolean => !loneSurrogate.test(text);

/** UTF-8 of a text that takes part in a key or a hash. @throws TypeError if UTF-8 cannot hold it. */
export function utf8(title: string, text: string): Uint8Array {
  if (typeof text !== 'string') throw new TypeError(`${title}: expected text, got ${typeof text}`);
  if (!isWellFormed(text)) throw new TypeError(`${title}: the text is not well-formed Unicode`);
  return new TextEncoder().encode(text);
}

/** The parts end to end, in fresh memory that no pool shares. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** A Buffer is a Uint8Array whose `slice` shares memory and whose JSON shows its bytes; this view does neither. */
export const plainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
