import { hash, randomBytes } from 'node:crypto';
import { leafHash } from '../merkle/hash.js';
import { commandHash, namedBy } from './command-hash.js';
import type { Draft, SealedColumn, WriteCommand } from './draft.js';
import { encodeHeader, type ColumnDirectory, type Entry } from './header.js';

/** An entry in its place, with the header that is hashed. */
export interface PlacedEntry {
  readonly entry: Entry;
  readonly header: Uint8Array;
  readonly leaf: Uint8Array;
  readonly draft: Draft;
}

export type Place = Pick<Entry, 'position' | 'version' | 'at' | 'actor'>;

/** The entry that a draft becomes at its place. Written out: spreading was the dearest step of an append. */
export function entryAt(draft: Draft, { position, version, at, actor }: Place): Entry {
  const { type, stream, data, subject, id = entryId() } = draft;
  const columns = draft.columns === undefined ? none : draft.columns.map(directory);
  const entry =
    subject === undefined
      ? { position, id, stream, version, type, at, actor, data, columns }
      : { position, id, stream, version, type, at, actor, subject, data, columns };
  return entry as Entry;
}

const none: readonly ColumnDirectory[] = [];
const directory = ({ field, sealed }: SealedColumn): ColumnDirectory => ({
  field,
  bytes: sealed.length,
  sha256: hash('sha256', sealed, 'buffer'),
});

/**
 * All that these commands write together; the first header names each of them and what is answered to it.
 * @throws TypeError if an entry holds what has no deterministic encoding, or an answer is no JSON data.
 */
export function placedBy(
  commands: readonly WriteCommand[],
  answers: readonly unknown[],
  own: readonly Pick<PlacedEntry, 'entry' | 'draft'>[],
): PlacedEntry[] {
  const named = () =>
    namedBy(
      commands.map(({ actor, id, digest }, index) =>
        commandHash({ actor, command: id, digest, count: own.length, answer: JSON.stringify(answers[index]) }),
      ),
    );
  return own.map(({ entry, draft }, index) => {
    const header = encodeHeader(index > 0 ? entry : { ...entry, command: named() });
    return { entry, header, leaf: leafHash(header), draft };
  });
}

const idBytes = 16;
const idsAtOnce = 512;
let pool = Buffer.alloc(0);

/** Random, from a pool: a call to the source of randomness costs more than the rest of an entry. */
function entryId(): Uint8Array {
  if (pool.length < idBytes) pool = randomBytes(idBytes * idsAtOnce);
  const id = new Uint8Array(pool.subarray(0, idBytes));
  pool = pool.subarray(idBytes);
  return id;
}
