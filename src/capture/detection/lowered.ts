import { isObject } from '../formats/json-tree.js';
import type { Parts } from '../formats/format.js';

/** The inverse of raising: what is in `raised`, as far as it was granted, is in its field again. */
export function lowered({ raised, ...parts }: Parts): Parts {
  return isObject(raised) ? { ...parts, ...raised } : parts;
}
