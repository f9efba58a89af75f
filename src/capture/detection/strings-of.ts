import type { Json } from '../formats/format.js';

/** Shorter than any identifier with a checksum. */
const leastCharacters = 8;
/** A card has 13 digits; shorter numbers count and measure. */
const leastNumber = 1e12;

/**
 * Every text in a value that is long enough to hold something: names of keys too, of which those of recorders have no
 * digits, and long numbers as they are written. Not by recursion: values may be nested deep.
 */
export function stringsOf(value: Json): string[] {
  const found: string[] = [];
  const rest: Json[] = [value];
  for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
    if (typeof one === 'string') {
      if (one.length >= leastCharacters) found.push(one);
    } else if (typeof one === 'number') {
      if (one >= leastNumber && Number.isSafeInteger(one)) found.push(String(one));
    } else if (Array.isArray(one)) {
      for (const inner of one as readonly Json[]) rest.push(inner);
    } else if (typeof one === 'object' && one !== null) {
      for (const [key, inner] of Object.entries(one)) {
        if (key.length >= leastCharacters && /\d/.test(key)) found.push(key);
        rest.push(inner as Json);
      }
    }
  }
  return found;
}
