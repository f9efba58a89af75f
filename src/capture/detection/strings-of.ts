import type { Json } from '../formats/format.js';

/** Shorter than any identifier with a checksum. */
const leastCharacters = 8;

/** Every text in a value that is long enough to hold something. Not by recursion: values may be nested deep. */
export function stringsOf(value: Json): string[] {
  const found: string[] = [];
  const rest: Json[] = [value];
  for (let one = rest.pop(); one !== undefined; one = rest.pop()) {
    if (typeof one === 'string') {
      if (one.length >= leastCharacters) found.push(one);
    } else if (typeof one === 'object' && one !== null) {
      for (const inner of Object.values(one)) rest.push(inner);
    }
  }
  return found;
}
