import type { Json, JsonObject, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import type { KnownKeys } from './shapes.js';

/**
 * Takes an object apart by its keys: each part is an object of the keys of its field. Keys that are not known, or
 * hold what they should not, go to `other`, names and all, since a key may be content too.
 * `keys` is the order of all of them, if every one is known; otherwise `other` holds it.
 */
export function splitKeys(object: JsonObject, known: KnownKeys): { parts: Record<string, Json>; keys?: string[] } {
  const parts: Record<string, Record<string, Json>> = {};
  const extra: Record<string, Json> = {};
  const keys = Object.keys(object);
  let isKnown = true;
  for (const key of keys) {
    const value = object[key] as Json;
    const [field, shape] = (Object.hasOwn(known, key) ? known[key] : undefined) ?? [];
    if (field !== undefined && shape?.(value) === true) setOwn((parts[field] ??= {}), key, value);
    else {
      isKnown = false;
      setOwn(extra, key, value);
    }
  }
  return isKnown ? { parts, keys } : { parts: { ...parts, other: { keys, extra } } };
}

/** The inverse, given all parts. @throws Error if a part is missing: masking is another function. */
export function joinKeys(parts: Parts, known: KnownKeys, keys: readonly string[] | undefined): JsonObject {
  const extra = partOf(parts.other, 'extra') as JsonObject | undefined;
  const order = (partOf(parts.other, 'keys') as readonly string[] | undefined) ?? keys ?? [];
  const object: Record<string, Json> = {};
  for (const key of order) {
    const field = Object.hasOwn(known, key) ? known[key]?.[0] : undefined;
    const inExtra = partOf(extra, key);
    const value = inExtra === undefined && field !== undefined ? partOf(parts[field], key) : inExtra;
    if (value === undefined) throw new Error('a part of the record is missing');
    setOwn(object, key, value);
  }
  return object;
}

/** A key of a part, if the part is there and of that shape. */
export const partOf = (part: Json | undefined, key: string): Json | undefined =>
  isObject(part) && Object.hasOwn(part, key) ? part[key] : undefined;
