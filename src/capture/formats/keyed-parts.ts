import type { FieldName } from '../../log/fields.js';
import type { Json, JsonObject, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';

/** Which field each known key of a flat object belongs to. */
export type KnownKeys = Readonly<Record<string, FieldName>>;

/**
 * Takes an object apart by its keys: each part is an object of the keys of its field. Keys that are not known go
 * to `other`, names and all, since a key may be content too.
 * `keys` is the order of all of them, if every one is known; otherwise `other` holds it.
 */
export function splitKeys(object: JsonObject, known: KnownKeys): { parts: Record<string, Json>; keys?: string[] } {
  const parts: Record<string, Record<string, Json>> = {};
  const extra: Record<string, Json> = {};
  const keys = Object.keys(object);
  for (const key of keys) {
    const field = Object.hasOwn(known, key) ? known[key] : undefined;
    setOwn(field === undefined ? extra : (parts[field] ??= {}), key, object[key] as Json);
  }
  return Object.keys(extra).length === 0 && parts['other'] === undefined
    ? { parts, keys }
    : { parts: { ...parts, other: { keys, extra: { ...(parts['other'] ?? {}), ...extra } } } };
}

/** The inverse, given all parts. @throws Error if a part is missing: masking is another function. */
export function joinKeys(parts: Parts, known: KnownKeys, keys: readonly string[] | undefined): JsonObject {
  const other = parts.other as { keys: string[]; extra: JsonObject } | undefined;
  const object: Record<string, Json> = {};
  for (const key of other?.keys ?? keys ?? []) {
    const field = Object.hasOwn(known, key) && known[key] !== 'other' ? known[key] : undefined;
    const part = field === undefined ? other?.extra : (parts[field] as JsonObject | undefined);
    if (part === undefined) throw new Error('a part of the record is missing');
    setOwn(object, key, part[key] as Json);
  }
  return object;
}

/** A key of a part, if the part is there and of that shape. */
export const partOf = (part: Json | undefined, key: string): Json | undefined =>
  isObject(part) && Object.hasOwn(part, key) ? part[key] : undefined;
