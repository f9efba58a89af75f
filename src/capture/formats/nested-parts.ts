import type { Json, JsonObject, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import type { KnownKeys } from './shapes.js';

/**
 * Known keys of an object, in the order in which recorders write them, and of objects inside of it. A key of `nested`
 * stands in `keys` too, as a kind that is null: that tells its place.
 */
export interface Schema {
  readonly keys: KnownKeys;
  readonly nested?: Readonly<Record<string, Schema>>;
}

/**
 * Takes an object apart into one object a field, and what is inside of it under the same key in each of them. The
 * order of the keys is written down, as `keys`, only where it is not that of the schema. `kind` is always there.
 */
export function splitNested(object: JsonObject, { keys: known, nested = {} }: Schema): Record<string, JsonObject> {
  const isInside = (key: string) => Object.hasOwn(nested, key) && isObject(object[key]);
  const outside: Record<string, Json> = {};
  for (const key of Object.keys(object)) setOwn(outside, key, isInside(key) ? null : (object[key] as Json));
  const outer = splitKeys(outside, known);
  const parts = { kind: {}, ...outer.parts } as Record<string, JsonObject>;
  if (outer.keys !== undefined && !sameList(outer.keys, usualOrder(parts, known))) {
    parts['kind'] = { ...parts['kind'], keys: outer.keys };
  }
  for (const key of Object.keys(object).filter(isInside)) {
    const inner = splitNested(object[key] as JsonObject, nested[key] as Schema);
    for (const [field, part] of Object.entries(inner)) parts[field] = { ...parts[field], [key]: part };
  }
  return parts;
}

/** The exact inverse, given all parts. @throws Error if one is missing: masking is another function. */
export function joinNested(parts: Parts, { keys: known, nested = {} }: Schema): JsonObject {
  const order = (partOf(parts.kind, 'keys') as readonly string[] | undefined) ?? usualOrder(parts, known);
  const joined = joinKeys(parts, known, order);
  const object: Record<string, Json> = {};
  for (const key of Object.keys(joined)) {
    const inside = Object.hasOwn(nested, key) && isObject(partOf(parts.kind, key));
    setOwn(object, key, inside ? joinNested(partsUnder(parts, key), nested[key] as Schema) : (joined[key] as Json));
  }
  return object;
}

/** What each field holds under a key: the parts of the object that stood there. */
export const partsUnder = (parts: Parts, key: string): Parts =>
  Object.fromEntries(
    Object.entries(parts).flatMap(([field, part]) => {
      const inner = partOf(part, key);
      return inner === undefined ? [] : [[field, inner]];
    }),
  );

const usualOrder = (parts: Parts, known: KnownKeys): string[] =>
  Object.keys(known).filter((key) => partOf(parts[(known[key] as KnownKeys[string])[0]], key) !== undefined);

export const sameList = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((one, index) => one === right[index]);
