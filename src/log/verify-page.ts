import { openCheckpoint } from '../merkle/checkpoint.js';
import { foldSubtrees, type Frontier } from '../merkle/frontier.js';
import { HashRow, RowTree } from '../merkle/hash-row.js';
import { hashBytes, leafHashWithin } from '../merkle/hash.js';
import type { NoteVerifier } from '../merkle/note.js';
import { tileHeight, tileWidth } from '../merkle/tile.js';
import { CopiedRows } from './copied-rows.js';
import { governs, type EntryType } from './entries.js';
import { HeaderScan } from './header-scan.js';
import { entryTypes, hashOf, sameBytes } from './name-table.js';
import { ColumnPlaces } from './page-columns.js';
import { commandRows, copiedCommands, NamedCommands } from './verify-commands.js';

/** A page to verify: what the queries below give, of entries `from` to `to - 1`. Nothing in it is trusted. */
export interface PageToVerify {
  readonly from: number;
  readonly to: number;
  readonly entries: Uint8Array;
  /** Absent below a checkpoint that the asker trusts. */
  readonly proofs?: {
    readonly checkpoints: Uint8Array;
    readonly tiles: Uint8Array;
    readonly commands: Uint8Array;
  };
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  /** Types of entry whose headers are wanted back. */
  readonly wanted: readonly EntryType[];
}

/** A page in which everything is in its place, as far as that can be told without what is below it. */
export interface SoundPage {
  readonly frontier: Frontier;
  /** Roots of its full tiles, end to end. */
  readonly tileRoots: Uint8Array;
  /** By size: the root that was signed, and the one over the page's own entries up to there. */
  readonly checkpoints: readonly { readonly size: number; readonly signed: Uint8Array; readonly ofPart: Uint8Array }[];
  readonly firstAt: number;
  readonly lastAt: number;
  /** For each stream, the version it must have had below the page and the one it has above it. */
  readonly streams: ReadonlyMap<string, readonly [first: number, next: number]>;
  readonly wanted: readonly { readonly position: number; readonly header: Uint8Array }[];
  /** Where they stand in the memory of the page's entries. */
  readonly columns: ColumnPlaces;
  /** Kept answers that were compared. */
  readonly commands: number;
}

/** Undefined if anything at all is wrong: `examinePage` takes its time then, and says what. */
export type VerifiedPage = SoundPage | undefined;

export const entryColumns = 'position, stream, version, type, at, subject, governs, leaf, header';
export const pageQueries = {
  entries: (from: number, to: number) =>
    `SELECT ${entryColumns} FROM log.entry WHERE position >= ${from} AND position < ${to} ORDER BY position`,
  checkpoints: (from: number, to: number) =>
    `SELECT size, note FROM log.checkpoint WHERE size > ${from} AND size <= ${to} ORDER BY size`,
  tiles: (from: number, to: number) =>
    `SELECT index, hashes, root FROM log.tile WHERE level = 0 AND index >= ${Math.floor(from / tileWidth)}
     AND index < ${Math.floor(to / tileWidth)} ORDER BY index`,
  commands: commandRows,
} as const;

/** Needs nothing but its input, so that any thread may do it. */
export function verifyPage(page: PageToVerify): VerifiedPage {
  const verified = verifyEntries(page);
  if (verified === undefined) return undefined;
  const { leaves, named, ...rest } = verified;
  const tree = new RowTree(leaves);
  const tileRoots = verifyTiles(page, leaves, tree);
  const checkpoints = openCheckpoints(page, tree);
  const commands = compareCommands(page, named);
  if (tileRoots === undefined || checkpoints === undefined || commands === undefined) return undefined;
  return { ...rest, frontier: tree.frontier(leaves.count), tileRoots, checkpoints, commands };
}

function verifyEntries({ from, to, entries, wanted }: PageToVerify) {
  const rows = new CopiedRows(entries, 9);
  const scan = new HeaderScan();
  const leaves = new HashRow(to - from);
  const columns = new ColumnPlaces(from, to);
  const streams = new Streams(entries);
  const named = new NamedCommands(from, to);
  const isWanted = new Set<EntryType>(wanted);
  const found: { position: number; header: Uint8Array }[] = [];
  let [firstAt, lastAt] = [-1, -1];
  for (let position = from; position < to; position += 1) {
    if (!rows.next() || rows.bigint(0) !== position) return undefined;
    const type = checkRow(rows, scan, position, { row: leaves, from });
    if (type === undefined || scan.at < lastAt || !streams.add(scan)) return undefined;
    if (!columns.add(entries, scan)) return undefined;
    if (scan.headerVersion > 1) named.add(position, commandOf(rows.bytes, scan));
    if (isWanted.has(type)) found.push({ position, header: rows.slice(8).slice() });
    if (firstAt === -1) firstAt = scan.at;
    lastAt = scan.at;
  }
  if (rows.next()) return undefined;
  return { leaves, firstAt, lastAt, streams: streams.all(), wanted: found, columns, named };
}

const commandOf = (bytes: Uint8Array, { commandFrom }: HeaderScan): Uint8Array | undefined =>
  commandFrom === -1 ? undefined : bytes.subarray(commandFrom, commandFrom + hashBytes);

/** How many kept answers there are; undefined if one is not what a header names, or missing. */
function compareCommands({ proofs }: PageToVerify, named: NamedCommands): number | undefined {
  if (proofs === undefined) return 0;
  let sound = true;
  const compared = named.compare(copiedCommands(proofs.commands), () => (sound = false));
  return sound ? compared : undefined;
}

/** The type of the entry, if its header is one of this position, its leaf the header's, and every column repeats it. */
function checkRow(
  rows: CopiedRows,
  scan: HeaderScan,
  position: number,
  leaves: { row: HashRow; from: number },
): EntryType | undefined {
  const { bytes } = rows;
  const leafAt = (position - leaves.from) * hashBytes;
  const hashes = leaves.row.bytes;
  leafHashWithin(hashes, leafAt, bytes, rows.from[8] as number, rows.to[8] as number);
  if (!isColumn(rows, 7, hashes, leafAt, leafAt + hashBytes)) return undefined;
  try {
    scan.pass(bytes, rows.from[8] as number, rows.to[8] as number);
  } catch {
    return undefined;
  }
  const type = entryTypes.at(bytes, scan.typeFrom, scan.typeTo);
  const repeated =
    scan.position === position &&
    isColumn(rows, 1, bytes, scan.streamFrom, scan.streamTo) &&
    scan.version === rows.integer(2) &&
    isColumn(rows, 3, bytes, scan.typeFrom, scan.typeTo) &&
    scan.at === rows.bigint(4) &&
    (scan.subjectFrom === -1 ? rows.to[5] === -1 : isColumn(rows, 5, bytes, scan.subjectFrom, scan.subjectTo)) &&
    type !== undefined &&
    rows.boolean(6) === governs[type];
  return repeated ? type : undefined;
}

function isColumn(rows: CopiedRows, column: number, bytes: Uint8Array, from: number, to: number): boolean {
  const [at, end] = [rows.from[column] as number, rows.to[column] as number];
  return end - at === to - from && sameBytes(rows.bytes, at, bytes, from, to);
}

/** What a page says of the versions of its streams: each follows the one before it. */
class Streams {
  private readonly found = new Map<number, Stream>();

  constructor(private readonly bytes: Uint8Array) {}

  add({ streamFrom: from, streamTo: to, version }: HeaderScan): boolean {
    const hash = hashOf(this.bytes, from, to);
    const first = this.found.get(hash);
    let stream = first;
    while (stream !== undefined && !this.isSame(stream, from, to)) stream = stream.other;
    if (stream === undefined) this.found.set(hash, { from, to, first: version, next: version + 1, other: first });
    else if (stream.next !== version) return false;
    else stream.next += 1;
    return true;
  }

  /** With their names, of which a text is made once. */
  all(): Map<string, [number, number]> {
    const all = new Map<string, [number, number]>();
    for (const one of this.found.values()) {
      for (let stream: Stream | undefined = one; stream !== undefined; stream = stream.other) {
        all.set(utf8.decode(this.bytes.subarray(stream.from, stream.to)), [stream.first, stream.next]);
      }
    }
    return all;
  }

  private isSame(stream: Stream, from: number, to: number): boolean {
    return stream.to - stream.from === to - from && sameBytes(this.bytes, stream.from, this.bytes, from, to);
  }
}

interface Stream {
  /** Where its name stands. */
  readonly from: number;
  readonly to: number;
  readonly first: number;
  next: number;
  /** Another one of the same hash. */
  readonly other: Stream | undefined;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The roots of the page's full tiles, if those that are stored are made of its leaves. */
function verifyTiles({ from, to, proofs }: PageToVerify, leaves: HashRow, tree: RowTree): Uint8Array | undefined {
  const count = Math.floor((to - from) / tileWidth);
  const roots = tree.rows[tileHeight]?.bytes ?? new Uint8Array();
  if (proofs === undefined) return roots;
  const rows = new CopiedRows(proofs.tiles, 3);
  for (let tile = 0; tile < count; tile += 1) {
    const at = tile * tileWidth * hashBytes;
    if (!rows.next() || rows.bigint(0) !== from / tileWidth + tile) return undefined;
    if (!isColumn(rows, 1, leaves.bytes, at, at + tileWidth * hashBytes)) return undefined;
    if (!isColumn(rows, 2, roots, tile * hashBytes, (tile + 1) * hashBytes)) return undefined;
  }
  return rows.next() ? undefined : roots;
}

/** Every checkpoint in the page, if the log signed them all. Whether their roots are right, only the whole tree tells. */
function openCheckpoints({ from, proofs, origin, verifiers }: PageToVerify, tree: RowTree) {
  const opened: { size: number; signed: Uint8Array; ofPart: Uint8Array }[] = [];
  if (proofs === undefined) return opened;
  const rows = new CopiedRows(proofs.checkpoints, 2);
  while (rows.next()) {
    const size = rows.bigint(0);
    const signed = signedRoot(rows.text(1), size, origin, verifiers);
    if (signed === undefined) return undefined;
    opened.push({ size, signed, ofPart: foldSubtrees(tree.frontier(size - from).hashes) });
  }
  return opened;
}

/** The root that this note signs for exactly this size; undefined if it does not. */
export function signedRoot(
  note: string,
  size: number,
  origin: string,
  verifiers: readonly NoteVerifier[],
): Uint8Array | undefined {
  try {
    const checkpoint = openCheckpoint(note, origin, verifiers);
    return checkpoint.size === size ? checkpoint.root : undefined;
  } catch {
    return undefined;
  }
}
