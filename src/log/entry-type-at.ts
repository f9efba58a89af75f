import { governs, type EntryType } from './entries.js';

/** The type of entry that these bytes name, found without making a text of them. Undefined if it is none of ours. */
export function entryTypeAt(bytes: Uint8Array, from: number, to: number): EntryType | undefined {
  const found = byHash.get(hashOf(bytes, from, to));
  return found !== undefined && sameBytes(found.name, bytes, from, to) ? found.type : undefined;
}

export function sameBytes(a: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (a.length !== to - from) return false;
  for (let index = 0; index < a.length; index += 1) {
    if (a[index] !== bytes[from + index]) return false;
  }
  return true;
}

/** FNV-1a. Names are compared after it, so a collision costs a type its place: the module would not load. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}

const types = Object.keys(governs) as EntryType[];
const byHash = new Map(
  types.map((type) => {
    const name = new TextEncoder().encode(type);
    return [hashOf(name, 0, name.length), { type, name }] as const;
  }),
);
if (byHash.size !== types.length) throw new Error('two types of entry have one hash: choose another hash');
