export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Chromium's parser nests elements 512 deep, and rrweb takes an array and an object for each, so a real page
 * needs 1,030. cborg's encoder runs out of stack past some 1,560 objects (measured, Node 20, not yet compiled).
 */
export const nestingLimit = 1200;

/** Keys and values of one column. More could not be opened without some hundred MB of memory. */
export const itemsLimit = 2 ** 22;

/**
 * That every value is what JSON.parse can give, within the limits, or undefined at the top. Anything else would
 * come back as something else. It walks, rather than asks the encoder, because encoders name what they refuse.
 *
 * @throws TypeError for what is no JSON data, RangeError past a limit; neither says what the value was.
 */
export function checkJsonData(values: readonly unknown[]): void {
  const budget = { items: itemsLimit };
  for (const value of values) {
    if (value === undefined) spend(budget);
    else walk(value, nestingLimit, budget);
  }
}

interface Budget {
  items: number;
}

function walk(value: unknown, levels: number, budget: Budget): void {
  spend(budget);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('not JSON data: a number that is not finite');
    return;
  }
  if (typeof value !== 'object') throw new TypeError(`not JSON data: a value of type ${typeof value}`);
  if (levels === 0) throw new RangeError(`nested more than ${nestingLimit} levels deep`);
  if (Array.isArray(value)) {
    // By index, so that a hole is seen as the undefined that it would come back as.
    for (let index = 0; index < value.length; index += 1) walk(value[index], levels - 1, budget);
    return;
  }
  if (!isPlain(value)) throw new TypeError('not JSON data: an object with a prototype of its own');
  for (const key of Object.keys(value)) {
    spend(budget);
    walk((value as Record<string, unknown>)[key], levels - 1, budget);
  }
}

function spend(budget: Budget): void {
  budget.items -= 1;
  if (budget.items < 0) throw new RangeError(`more than ${itemsLimit} keys and values`);
}

/** By the chain and not by identity: another realm, as in jest, has another Object.prototype. */
export function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
