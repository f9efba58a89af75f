import type { FieldName } from '../../log/fields.js';
import type { Json, JsonObject } from './format.js';

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `JSON.parse` makes `__proto__` an own key; plain assignment would make it the prototype, and lose it. */
export function setOwn(object: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  else object[key] = value;
}

/** A copy with another value under a key that it has; the order of the keys stays. */
export function withKey(object: JsonObject, name: string, value: Json): JsonObject {
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(object)) setOwn(copy, key, key === name ? value : (object[key] as Json));
  return copy;
}

/** A tree without what belongs to other fields: there it is null, and `holes` says where and whose. */
export interface Carrier {
  /** Ordinal of each hole in a walk through the tree, and the field that fills it, in order. */
  readonly holes: readonly (readonly [ordinal: number, field: FieldName])[];
  readonly tree: Json;
}

/**
 * Names the field that takes a value, a leaf or a whole subtree; undefined leaves it where it is.
 * `path` holds the values from the root down to the one that holds this one, which stands there under `key`.
 */
export type Classify = (key: string, value: Json, path: readonly Json[]) => FieldName | undefined;

export interface Split {
  readonly carrier: Carrier;
  readonly values: ReadonlyMap<FieldName, readonly Json[]>;
}

/** Takes leaves and subtrees out of a tree. `fill` is the exact inverse, whatever the tree holds. */
export function split(tree: Json, classify: Classify): Split {
  const holes: [number, FieldName][] = [];
  const values = new Map<FieldName, Json[]>();
  const path: Json[] = [];
  let ordinal = -1;

  const walk = (node: Json, key: string): Json => {
    ordinal += 1;
    const field = classify(key, node, path);
    if (field !== undefined) return taken(field, node);
    if (typeof node !== 'object' || node === null) return node;
    path.push(node);
    const copy = Array.isArray(node) ? node.map((item: Json) => walk(item, '')) : walkObject(node as JsonObject);
    path.pop();
    return copy;
  };
  const walkObject = (node: JsonObject): Json => {
    const copy: Record<string, Json> = {};
    for (const key of Object.keys(node)) setOwn(copy, key, walk(node[key] as Json, key));
    return copy;
  };
  const taken = (field: FieldName, value: Json): Json => {
    holes.push([ordinal, field]);
    const list = values.get(field);
    if (list === undefined) values.set(field, [value]);
    else list.push(value);
    return null;
  };
  const carried = walk(tree, '');
  return { carrier: { holes, tree: carried }, values };
}

/** Fills the holes of a carrier, in order, with what `next` gives for each. */
export function fill({ tree, holes }: Carrier, next: (field: FieldName) => Json): Json {
  let ordinal = -1;
  let hole = 0;
  const walk = (node: Json): Json => {
    ordinal += 1;
    const [at, field] = holes[hole] ?? [-1, undefined];
    if (at === ordinal && field !== undefined) {
      hole += 1;
      return next(field);
    }
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(walk);
    const copy: Record<string, Json> = {};
    for (const key of Object.keys(node)) setOwn(copy, key, walk((node as JsonObject)[key] as Json));
    return copy;
  };
  return walk(tree);
}
