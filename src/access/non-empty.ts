/** `every` over nothing is true, and that would be a wildcard: where it matters, the empty list is unwritable. */
export type NonEmpty<T> = readonly [T, ...T[]];

/** Of what an entry says, too: a text or a map is no list. */
export const isNonEmpty = <T>(list: readonly T[]): list is NonEmpty<T> => Array.isArray(list) && list.length > 0;
