import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { isObject } from './json-tree.js';

/**
 * What a value must be to be what its key says. A key alone proves nothing: a `timestamp` that holds a text would
 * carry that text into the mildest class. What does not fit goes to `other`.
 */
export type Shape = (value: Json) => boolean;

/** Field and shape of each known key of an object. */
export type KnownKeys = Readonly<Record<string, readonly [field: FieldName, shape: Shape]>>;

export const anything: Shape = () => true;
export const nothing: Shape = (value) => value === null;
export const text: Shape = (value) => typeof value === 'string';
export const flag: Shape = (value) => typeof value === 'boolean';
export const finite: Shape = (value) => typeof value === 'number' && Number.isFinite(value);
export const scalar: Shape = (value) => value === null || finite(value) || flag(value);
/** Node ids, and other numbers that may be missing. */
export const finiteOrNull: Shape = (value) => value === null || finite(value);

/** Objects of these keys only, each with a finite number or null. */
export const numbersOf =
  (...keys: readonly string[]): Shape =>
  (value) =>
    isObject(value) && Object.keys(value).every((key) => keys.includes(key) && finiteOrNull(value[key] as Json));

export const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);

export const textOrNull: Shape = (value) => value === null || text(value);
export const list: Shape = Array.isArray;
export const listOrNull: Shape = (value) => value === null || Array.isArray(value);
export const textOrList: Shape = (value) => text(value) || Array.isArray(value);
/** Numbers that count something, and hold no more than that. */
export const count: Shape = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** Numbers that measure something. */
export const amount: Shape = (value) => finite(value) && (value as number) >= 0;

export const oneOf =
  (...words: readonly string[]): Shape =>
  (value) =>
    typeof value === 'string' && words.includes(value);
