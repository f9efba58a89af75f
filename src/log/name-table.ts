import { governs, type EntryType } from './entries.js';
import { fieldNames } from './field-catalogue.js';

/** Finds which of some names bytes spell, without making a text of them. */
export class NameTable<N extends string> {
  private readonly byHash: ReadonlyMap<number, { readonly index: number; readonly bytes: Uint8Array }>;

  constructor(private readonly names: readonly N[]) {
    this.byHash = new Map(
      names.map((name, index) => {
        const bytes = new TextEncoder().encode(name);
        return [hashOf(bytes, 0, bytes.length), { index, bytes }] as const;
      }),
    );
    if (this.byHash.size !== names.length) throw new Error('two names have one hash: choose another hash');
  }

  /** The name from `from` to `to`; undefined if it is none of them. */
  at(bytes: Uint8Array, from: number, to: number): N | undefined {
    return this.names[this.indexAt(bytes, from, to)];
  }

  /** Its place in the list of names; -1 if it is none of them. */
  indexAt(bytes: Uint8Array, from: number, to: number): number {
    const found = this.byHash.get(hashOf(bytes, from, to));
    const same = found?.bytes.length === to - from && sameBytes(found.bytes, 0, bytes, from, to);
    return same ? found.index : -1;
  }
}

export const entryTypes = new NameTable(Object.keys(governs) as EntryType[]);
export const fields = new NameTable(fieldNames);

/** Whether `a` from `at` on begins with the bytes of `b` from `from` to `to`. */
export function sameBytes(a: Uint8Array, at: number, b: Uint8Array, from: number, to: number): boolean {
  if (a.length - at < to - from) return false;
  for (let index = from; index < to; index += 1) {
    if (a[at + index - from] !== b[index]) return false;
  }
  return true;
}

/** FNV-1a: for look-ups, where two of one hash are told apart. */
export function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}
