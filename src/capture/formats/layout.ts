import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import type { Shape } from './shapes.js';

/** How a value is made up, and to which field each part of it goes. What does not fit goes to `other`. */
export type Layout =
  /** The whole value. In `kind` only a scalar of a closed shape: the plan shows it. */
  | { readonly field: FieldName; readonly shape: Shape }
  /** An object; keys that are not here go to `other` with their values. None of them begins with `?`. */
  | { readonly keys: Readonly<Record<string, Layout>> }
  | { readonly each: Layout }
  /** A text that holds JSON. */
  | { readonly text: Layout }
  /** By what the value is. Must end: what it gives is no choice of the same value again. */
  | { readonly choose: (value: Json) => Layout };

/**
 * What a record is like without its content, kept in `kind`: the keys that its layout knows, in their order, and in
 * place of each value the name of the field that has it. `=` begins a word that may be told; numbers and flags stand
 * for themselves. `?0`, `?1` … are keys that are not known: `other` has key and value.
 */
export type Plan = null | boolean | number | string | readonly Plan[] | { readonly [key: string]: Plan };

/** Gives a value to a field, and tells the field. */
export type Give = (field: FieldName, value: Json) => string;

/** A value of a field, the next one in the order of the plan; undefined leaves it out. `key` is where it stands. */
export type Take = (field: FieldName, key: string) => Json | undefined;

export function chosenLayout(value: Json, layout: Layout): Exclude<Layout, { choose: unknown }> {
  let chosen = layout;
  while ('choose' in chosen) chosen = chosen.choose(value);
  return chosen;
}

export const whole = (field: FieldName, shape: Shape): Layout => ({ field, shape });

/** What may be told of a record: of a shape too narrow to hold content. */
export const told = (shape: Shape): Layout => whole('kind', shape);

/** One of these words; any other text may be content. */
export const word = (...words: readonly string[]): Layout => told((value) => words.some((one) => one === value));

/** All keys to one field, each whole. */
export const allTo = (field: FieldName, shape: Shape, ...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, whole(field, shape)])) satisfies Readonly<Record<string, Layout>>;
