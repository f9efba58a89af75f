import { columnAt, HeaderScan } from '../log/header-scan.js';
import type { StoredColumn } from '../log/body-store.js';
import type { Followed } from '../log/tail-window.js';
import { encodeCanonical } from '../sealing/canonical.js';
import type { OutgoingMessage } from './kafka-port.js';

/** Of the message as docs/formats/kafka.md has it. */
export const messageVersion = 1;

/** What a record adds to key, header and columns: its own lengths, the five message headers, names of fields. */
const mostFrameBytes = 1_024;

/** What an entry's own header says of it, as far as publishing it needs. */
export interface EntryOutline {
  readonly at: number;
  readonly stream: string;
  readonly type: string;
  /** Hash of the command whose first entry this is, in hex. */
  readonly command: string | undefined;
  /** Sealed columns, by the directory. */
  readonly columns: number;
  /** Of all of them together, by the directory: what is still there may be less. */
  readonly bodyBytes: number;
}

/** @throws Error with a constant message where the bytes are no header. */
export function outlineOf(header: Uint8Array): EntryOutline {
  scan.pass(header, 0, header.length);
  const text = (from: number, to: number) => Buffer.from(header.buffer, header.byteOffset + from, to - from);
  let bodyBytes = 0;
  for (let left = scan.columns, at = scan.columnsFrom; left > 0; left -= 1) {
    const column = columnAt(header, at);
    bodyBytes += column.bytes;
    at = column.end;
  }
  const { commandFrom, columns } = scan;
  return {
    columns,
    at: scan.at,
    stream: text(scan.streamFrom, scan.streamTo).toString(),
    type: text(scan.typeFrom, scan.typeTo).toString('latin1'),
    command: commandFrom < 0 ? undefined : text(commandFrom, commandFrom + 32).toString('hex'),
    bodyBytes,
  };
}

/** Synchronous, so one serves all. */
const scan = new HeaderScan();

/** An upper bound for the bytes of its message, if it carries its columns. */
export const bytesWithBody = ({ header }: Followed, outline: EntryOutline): number =>
  header.length + outline.stream.length + outline.bodyBytes + mostFrameBytes;

/**
 * The message of one entry: the same bytes whenever it is made, as long as its columns are there.
 * `columns` left out: they are too large for a message, and the directory in the header says what they are.
 */
export function entryMessage(
  { position, header }: Followed,
  { at, stream, type, command }: EntryOutline,
  columns: readonly StoredColumn[] | undefined,
): OutgoingMessage {
  const body =
    columns === undefined ? {} : { columns: Object.fromEntries(columns.map(({ field, sealed }) => [field, sealed])) };
  return {
    key: Buffer.from(stream),
    value: encodeCanonical({ v: messageVersion, header, ...body }),
    headers: {
      position: String(position),
      size: String(position + 1),
      type,
      ...(command === undefined ? {} : { command }),
      ...(columns === undefined ? { body: 'by-reference' } : {}),
    },
    at,
  };
}
