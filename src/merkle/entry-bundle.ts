import { checkBytes } from './checked.js';
import { MerkleError } from './merkle-error.js';
import { tileWidth } from './tile.js';

/** What a length of two bytes can say: no log that serves bundles may hold a longer entry. */
export const mostEntryBytes = 0xffff;

const lengthBytes = 2;

/**
 * C2SP tlog-tiles, "Log entries": 1 to 256 entries, each after its length as 2 bytes, big-endian. `most`: where it is no
 * tile, and there may be more.
 */
export function encodeEntryBundle(entries: readonly Uint8Array[], most = tileWidth): Uint8Array {
  if (!isWithin(entries.length, most)) throw new RangeError(`entries: not 1 to ${most}`);
  for (const entry of entries) {
    checkBytes('entry', entry);
    if (entry.length > mostEntryBytes) throw new RangeError(`entry: ${entry.length} bytes, above ${mostEntryBytes}`);
  }
  const bundle = new Uint8Array(entries.reduce((bytes, { length }) => bytes + lengthBytes + length, 0));
  const view = new DataView(bundle.buffer);
  let at = 0;
  for (const entry of entries) {
    view.setUint16(at, entry.length);
    bundle.set(entry, at + lengthBytes);
    at += lengthBytes + entry.length;
  }
  return bundle;
}

/** The inverse of `encodeEntryBundle`. Checks the form only: that the entries are right, only a root can tell. */
export function decodeEntryBundle(bundle: Uint8Array, most = tileWidth): Uint8Array[] {
  checkBytes('bundle', bundle);
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    if (at + lengthBytes > bundle.length) throw new MerkleError('entry_bundle_malformed');
    const start = at + lengthBytes;
    at = start + view.getUint16(at);
    if (at > bundle.length) throw new MerkleError('entry_bundle_malformed');
    entries.push(bundle.slice(start, at));
  }
  if (!isWithin(entries.length, most)) throw new MerkleError('entry_bundle_malformed');
  return entries;
}

const isWithin = (entries: number, most: number) => entries >= 1 && entries <= most;
