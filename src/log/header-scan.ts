import { argumentAt, argumentEnd, major, refuse, scanItem, scanText, scanUnsigned } from '../sealing/canonical-scan.js';
import { levelsLimit } from '../sealing/canonical-write.js';
import { FixedBytes } from './fixed-bytes.js';

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

  private bytes: Uint8Array = new Uint8Array();
  private view = viewOf(this.bytes);

  /** @throws Error with one constant message unless the bytes from `from` to `to` are one header. */
  pass(bytes: Uint8Array, from: number, to: number): void {
    if (bytes !== this.bytes) this.view = viewOf((this.bytes = bytes));
    const { view } = this;
    const v = (this.headerVersion = headerVersionOf(bytes, from));
    if (v !== 1 && v !== headerVersion) refuse();
    let at = past(view, from + 1, v === 1 ? before.atOfFirst : before.at);
    this.at = unsigned(bytes, at);
    at = past(view, argumentEnd(bytes, at), before.id) + idBytes;
    const data = past(view, at, before.data);
    if ((bytes[data] as number) >> 5 !== major.map) refuse();
    at = past(view, scanItem(bytes, data, levelsLimit - 1), before.type);
    this.typeFrom = argumentEnd(bytes, at);
    this.typeTo = scanText(bytes, at);
    at = scanText(bytes, past(view, this.typeTo, before.actor));
    at = past(view, at, before.stream);
    this.streamFrom = argumentEnd(bytes, at);
    this.streamTo = scanText(bytes, at);
    at = this.passColumns(past(view, this.streamTo, before.columns));
    // Ten members, one more where one person is concerned, and one where a command begins.
    let members = 0xaa;
    this.commandFrom = this.subjectFrom = this.subjectTo = -1;
    if (v !== 1 && before.command.standAt(view, at)) {
      members += 1;
      this.commandFrom = at + before.command.length;
      at = this.commandFrom + hashBytes;
    }
    if (before.subject.standAt(view, at)) {
      members += 1;
      at = this.passSubject(at + before.subject.length);
    }
    if (bytes[from] !== members) refuse();
    at = past(view, at, before.version);
    this.version = unsigned(bytes, at);
    at = past(view, argumentEnd(bytes, at), before.position);
    this.position = unsigned(bytes, at);
    if (argumentEnd(bytes, at) !== to) refuse();
  }

  private passSubject(at: number): number {
    this.subjectFrom = argumentEnd(this.bytes, at);
    return (this.subjectTo = scanText(this.bytes, at));
  }

  private passColumns(from: number): number {
    const { bytes, view } = this;
    if ((bytes[from] as number) >> 5 !== major.array) refuse();
    this.columns = argumentAt(bytes, from);
    let at = (this.columnsFrom = argumentEnd(bytes, from));
    for (let left = this.columns; left > 0; left -= 1) {
      at = scanUnsigned(bytes, past(view, at, before.bytes));
      at = scanText(bytes, past(view, at, before.field));
      at = past(view, at, before.sha256) + hashBytes;
    }
    return at;
  }
}

/** Of what is written now: docs/formats/log.md says how the older one differs. */
export const headerVersion = 2;

/** `v` is the first member, behind the head of the map and its own key. Of what is no header, anything. */
export const headerVersionOf = (bytes: Uint8Array, from = 0): number => bytes[from + 3] as number;

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
  const size = at + before.bytes.length;
  const field = argumentEnd(bytes, size) + before.field.length;
  const fieldFrom = argumentEnd(bytes, field);
  const fieldTo = fieldFrom + argumentAt(bytes, field);
  const sha256From = fieldTo + before.sha256.length;
  return { fieldFrom, fieldTo, bytes: argumentAt(bytes, size), sha256From, end: sha256From + hashBytes };
}

const idBytes = 16;
const hashBytes = 32;

/** A key as it is encoded: all of ours are shorter than 24 characters. */
function key(name: string): number[] {
  return [0x60 + name.length, ...Buffer.from(name, 'latin1')];
}

const ofHash = [0x58, hashBytes];
/**
 * What stands before the value of each member: its key, and whatever else has one form only. Bytes of a fixed length are
 * stepped over unread; what must stand behind them tells whether they were all there.
 */
const before = {
  atOfFirst: new FixedBytes([...key('v'), 1, ...key('at')]),
  at: new FixedBytes([...key('v'), headerVersion, ...key('at')]),
  id: new FixedBytes([...key('id'), 0x40 + idBytes]),
  data: new FixedBytes(key('data')),
  type: new FixedBytes(key('type')),
  actor: new FixedBytes(key('actor')),
  stream: new FixedBytes(key('stream')),
  columns: new FixedBytes(key('columns')),
  bytes: new FixedBytes([0xa3, ...key('bytes')]),
  field: new FixedBytes(key('field')),
  sha256: new FixedBytes([...key('sha256'), ...ofHash]),
  command: new FixedBytes([...key('command'), ...ofHash]),
  subject: new FixedBytes(key('subject')),
  version: new FixedBytes(key('version')),
  position: new FixedBytes(key('position')),
} as const;

/** Passes exactly these bytes. */
function past(view: DataView, at: number, expected: FixedBytes): number {
  return expected.standAt(view, at) ? at + expected.length : refuse();
}

/** The value of the unsigned integer at `at`. */
function unsigned(bytes: Uint8Array, at: number): number {
  scanUnsigned(bytes, at);
  return argumentAt(bytes, at);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
