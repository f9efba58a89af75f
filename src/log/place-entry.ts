import { createHash, randomBytes } from 'node:crypto';
import { leafHash } from '../merkle/hash.js';
import type { Draft } from './draft.js';
import { encodeHeader, type Entry } from './header.js';

/** An entry in its place, with the header that is hashed. */
export interface PlacedEntry {
  readonly entry: Entry;
  readonly header: Uint8Array;
  readonly leaf: Uint8Array;
  readonly draft: Draft;
}

export type Place = Pick<Entry, 'position' | 'version' | 'at' | 'actor'>;

/** The entry that a draft becomes at its place. */
export function entryAt(draft: Draft, place: Place): Entry {
  const { type, stream, data, subject, id = entryId(), columns = [] } = draft;
  return {
    ...place,
    id,
    stream,
    type,
    data,
    ...(subject === undefined ? {} : { subject }),
    columns: columns.map(({ field, sealed }) => ({ field, bytes: sealed.length, sha256: sha256(sealed) })),
  } as Entry;
}

/** @throws TypeError if the entry holds what has no deterministic encoding. */
export function placed(entry: Entry, draft: Draft): PlacedEntry {
  const header = encodeHeader(entry);
  return { entry, header, leaf: leafHash(header), draft };
}

const idBytes = 16;
const idsAtOnce = 512;
let pool = Buffer.alloc(0);

/** Random, from a pool: a call to the source of randomness costs more than the rest of an entry. */
function entryId(): Uint8Array {
  if (pool.length < idBytes) pool = randomBytes(idBytes * idsAtOnce);
  const id = Uint8Array.from(pool.subarray(0, idBytes));
  pool = pool.subarray(idBytes);
  return id;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
