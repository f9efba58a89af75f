/** `every` over nothing is true, and that would be a wildcard: where it matters, the empty list is unwritable. */
export type NonEmpty<T> = readonly [T, ...T[]];

export const isNonEmpty = <T>(list: readonly T[]): list is NonEmpty<T> => list.length > 0;
