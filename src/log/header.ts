import { mostEntryBytes } from '../merkle/entry-bundle.js';
import { Problem } from '../problem.js';
import { plainBytes } from '../sealing/bytes.js';
import { CanonicalBuilder } from '../sealing/canonical-build.js';
import { encodeCanonical } from '../sealing/canonical.js';
import { isEntryType, type Actor, type EntryData, type EntryType } from './entries.js';
import type { FieldName } from './fields.js';
import { HeaderScan, headerVersion, headerVersionOf } from './header-scan.js';
import type { Position, SubjectId } from './ids.js';
import { NameTable } from './name-table.js';
import { lifted, type OldData } from './upcasters.js';

/** Where a sealed column is and what it must be: one column can be read, or deleted, without the rest. */
export interface ColumnDirectory {
  readonly field: FieldName;
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

/** One item of the log. Its encoding is the Merkle leaf, so all of this is proven and none of it is content. */
export interface EntryOf<T extends EntryType> {
  readonly position: Position;
  /** 16 random bytes, chosen before the position is known; sealed columns are bound to it. */
  readonly id: Uint8Array;
  readonly stream: string;
  /** Index of the entry in its stream, from 0. */
  readonly version: number;
  readonly type: T;
  /** Epoch milliseconds by the database's clock, never going back. */
  readonly at: number;
  readonly actor: Actor;
  /** The person concerned, if there is exactly one. */
  readonly subject?: SubjectId;
  readonly data: EntryData[T];
  readonly columns: readonly ColumnDirectory[];
  /** `namedBy` of the commands whose first entry this is; absent on the others they wrote. */
  readonly command?: Uint8Array;
}
export type Entry = { [T in EntryType]: EntryOf<T> }[EntryType];

/** An entry that no bundle can carry could be read and proven by our own tools only (C2SP tlog-tiles). */
export const mostHeaderBytes = mostEntryBytes;

/** @throws Problem entry_too_large */
export function encodeHeader(entry: Entry): Uint8Array {
  const { position, id, stream, version, type, at, actor, subject, data, columns, command } = entry;
  // In the order of the encoding, shortest first, which spares its sorting.
  const members: Record<string, unknown> = { v: headerVersion, at, id, data, type, actor, stream, columns };
  if (command !== undefined) members['command'] = command;
  if (subject !== undefined) members['subject'] = subject;
  members['version'] = version;
  members['position'] = position;
  const header = encodeCanonical(members);
  if (header.length > mostHeaderBytes) throw new Problem('entry_too_large', { limit: mostHeaderBytes });
  return header;
}

/**
 * What a header says, as it would be written today: data of an older version is lifted. Its bytes stay what is proven.
 * @throws Error with a constant message if the bytes are no header of a version that we know.
 */
export function decodeHeader(header: Uint8Array): Entry {
  const bytes = plainBytes(header);
  scan.pass(bytes, 0, bytes.length);
  return decodeScanned(bytes);
}

/** The same of exactly the bytes that a `HeaderScan` has passed, which may lie in memory that threads share. */
export function decodeScanned(bytes: Uint8Array): Entry {
  const decoded = new CanonicalBuilder(bytes, 0, members).next() as Entry;
  if (!isEntryType(decoded.type)) throw new Error('not a header of a known version');
  const { position, id, stream, version, type, at, actor, subject, columns, command } = decoded;
  const data = lifted({ type, data: decoded.data as unknown as OldData, version: headerVersionOf(bytes) });
  const entry: Record<string, unknown> = { position, id, stream, version, type, at, actor, data, columns };
  if (subject !== undefined) entry['subject'] = subject;
  if (command !== undefined) entry['command'] = command;
  return entry as unknown as Entry;
}

/** What headers have many of: names of their own members, and of the data of entries that come by the million. */
const members = new NameTable(
  (
    'v at id data type actor stream columns command subject version position bytes field sha256 ' +
    'grant session fields versions records disclosure outcome epoch first count from to catalogue'
  ).split(' '),
);

/** Decoding is synchronous, so that one serves all. */
const scan = new HeaderScan();
