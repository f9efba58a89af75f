import type { Client, Query } from './client.js';

type Page<T> = Readonly<Record<string, readonly T[] | number | null>>;

/** All of a list, page by page. */
export async function allOf<T>(client: Client, path: string, name: string, query: Query = {}): Promise<readonly T[]> {
  const all: T[] = [];
  for (let after: number | null = -1; after !== null;) {
    const { next, [name]: items }: Page<T> = await client.get(path, { ...query, after });
    all.push(...(items as readonly T[]));
    // Pages go forward only: an answer that does not must not keep us asking.
    after = typeof next === 'number' && next > after ? next : null;
  }
  return all;
}
