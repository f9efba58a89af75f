import { argumentAt, argumentEnd, major, refuse, scanItem } from '../sealing/canonical-scan.js';
import { levelsLimit } from '../sealing/canonical-write.js';

/**
 * Checks that bytes are a header to the last bit, and says where its members stand, without building a value. Members
 * are few and their order is the encoding's (by length, then by byte), so each is expected in its place. One scan
 * serves a page of headers end to end; each `pass` overwrites what the one before it found.
 */
export class HeaderScan {
  at = 0;
  /** Where the text begins and ends. */
  typeFrom = 0;
  typeTo = 0;
  streamFrom = 0;
  streamTo = 0;
  /** -1 if the header names no subject. */
  subjectFrom = -1;
  subjectTo = -1;
  /** Version of the header itself. The first one could not name a command. */
  headerVersion = headerVersion;
  /** Where the 32 bytes of `command` begin; -1 if the header names none. */
  commandFrom = -1;
  version = 0;
  position = 0;
  /** Sealed columns, and where the first of them stands. */
  columns = 0;
  columnsFrom = 0;

  /** @throws Error with one constant message unless the bytes from `from` to `to` are one header. */
  pass(bytes: Uint8Array, from: number, to: number): void {
    let at = member(bytes, from + 1, keys.v);
    const v = (this.headerVersion = bytes[at] as number);
    if (v !== 1 && v !== headerVersion) refuse();
    at = member(bytes, at + 1, keys.at);
    this.at = unsigned(bytes, at);
    at = sized(bytes, member(bytes, argumentEnd(bytes, at), keys.id), idBytes);
    const data = member(bytes, at, keys.data);
    if ((bytes[data] as number) >> 5 !== major.map) refuse();
    at = member(bytes, scanItem(bytes, data, levelsLimit - 1), keys.type);
    this.typeFrom = argumentEnd(bytes, at);
    this.typeTo = text(bytes, at);
    at = text(bytes, member(bytes, this.typeTo, keys.actor));
    at = member(bytes, at, keys.stream);
    this.streamFrom = argumentEnd(bytes, at);
    this.streamTo = text(bytes, at);
    at = this.passColumns(bytes, member(bytes, this.streamTo, keys.columns));
    // Ten members, one more where one person is concerned, and one where a command begins.
    let members = 0xaa;
    this.commandFrom = this.subjectFrom = this.subjectTo = -1;
    if (v !== 1 && isMember(bytes, at, keys.command)) {
      members += 1;
      at = sized(bytes, at + keys.command.length, hashBytes);
      this.commandFrom = at - hashBytes;
    }
    if (isMember(bytes, at, keys.subject)) {
      members += 1;
      at = this.passSubject(bytes, at + keys.subject.length);
    }
    if (bytes[from] !== members) refuse();
    at = member(bytes, at, keys.version);
    this.version = unsigned(bytes, at);
    at = member(bytes, argumentEnd(bytes, at), keys.position);
    this.position = unsigned(bytes, at);
    if (argumentEnd(bytes, at) !== to) refuse();
  }

  private passSubject(bytes: Uint8Array, at: number): number {
    this.subjectFrom = argumentEnd(bytes, at);
    return (this.subjectTo = text(bytes, at));
  }

  private passColumns(bytes: Uint8Array, from: number): number {
    if ((bytes[from] as number) >> 5 !== major.array) refuse();
    this.columns = argumentAt(bytes, from);
    let at = (this.columnsFrom = argumentEnd(bytes, from));
    for (let left = this.columns; left > 0; left -= 1) at = passColumn(bytes, at);
    return at;
  }
}

/** Of what is written now: docs/formats/log.md says how the older one differs. */
export const headerVersion = 2;

/** Of a header that was passed: `v` is its first member. */
export const headerVersionOf = (header: Uint8Array): number => header[1 + keys.v.length] as number;

/** What the directory says of one sealed column. */
export interface ScannedColumn {
  readonly fieldFrom: number;
  readonly fieldTo: number;
  readonly bytes: number;
  readonly sha256From: number;
  /** Where the next column stands. */
  readonly end: number;
}

/** Reads the column at `at` of a header that was passed. */
export function columnAt(bytes: Uint8Array, at: number): ScannedColumn {
  const size = at + 1 + keys.bytes.length;
  const field = argumentEnd(bytes, size) + keys.field.length;
  const fieldFrom = argumentEnd(bytes, field);
  const fieldTo = fieldFrom + argumentAt(bytes, field);
  const sha256From = fieldTo + keys.sha256.length + 2;
  return { fieldFrom, fieldTo, bytes: argumentAt(bytes, size), sha256From, end: sha256From + hashBytes };
}

function passColumn(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== 0xa3) refuse();
  let at = member(bytes, from + 1, keys.bytes);
  unsigned(bytes, at);
  at = text(bytes, member(bytes, argumentEnd(bytes, at), keys.field));
  return sized(bytes, member(bytes, at, keys.sha256), hashBytes);
}

const idBytes = 16;
const hashBytes = 32;

/** A key as it is encoded: all of ours are shorter than 24 characters. */
const key = (name: string) => Uint8Array.from([0x60 + name.length, ...Buffer.from(name, 'latin1')]);
const names = [
  'v',
  'at',
  'id',
  'data',
  'type',
  'actor',
  'stream',
  'columns',
  'command',
  'subject',
  'version',
  'position',
] as const;
const columnNames = ['bytes', 'field', 'sha256'] as const;
const keys = Object.fromEntries([...names, ...columnNames].map((name) => [name, key(name)])) as Record<
  (typeof names)[number] | (typeof columnNames)[number],
  Uint8Array
>;

/** Passes exactly this key. */
function member(bytes: Uint8Array, at: number, expected: Uint8Array): number {
  return isMember(bytes, at, expected) ? at + expected.length : refuse();
}

function isMember(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

/** The value of the unsigned integer at `at`. */
function unsigned(bytes: Uint8Array, at: number): number {
  if ((bytes[at] as number) >> 5 !== major.unsigned) refuse();
  const value = argumentAt(bytes, at);
  return value <= Number.MAX_SAFE_INTEGER ? value : refuse();
}

/** Passes the text at `at`. */
function text(bytes: Uint8Array, at: number): number {
  if ((bytes[at] as number) >> 5 !== major.text) refuse();
  return scanItem(bytes, at, 0);
}

/** Passes bytes of exactly this length. */
function sized(bytes: Uint8Array, at: number, length: number): number {
  if ((bytes[at] as number) >> 5 !== major.bytes || argumentAt(bytes, at) !== length) refuse();
  return scanItem(bytes, at, 0);
}
