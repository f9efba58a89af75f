import { openCheckpoint } from '../merkle/checkpoint.js';
import { appendLeaf, emptyFrontier, frontierRoot, type Frontier } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import type { NoteVerifier } from '../merkle/note.js';
import type { BodyStore } from './body-store.js';
import type { Check } from './checks.js';
import { ClaimedExpiries } from './claimed-expiries.js';
import type { Queryable } from './database.js';
import { governs } from './entries.js';
import type { Governance } from './governance.js';
import { decodeHeader, type Entry } from './header.js';
import { LogReader } from './log-reader.js';
import { PostgresBodyStore } from './postgres-body-store.js';
import { verifyBodies } from './verify-bodies.js';
import { TileCheck } from './verify-tiles.js';

const entriesAPage = 2000;
/** Past this many the log is broken beyond a list. */
const mostProblems = 100;

export interface Verified {
  readonly ok: boolean;
  readonly entries: number;
  readonly bodies: number;
  readonly checkpoints: number;
  readonly tiles: number;
  readonly disclosures: number;
  readonly approvals: number;
  readonly problems: readonly { readonly position: number; readonly check: Check }[];
}

export interface VerifyOptions {
  readonly db: Queryable;
  /** Left out: in the log's own database. */
  readonly bodies?: BodyStore;
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  /** The rules of governance: given the state below an entry and above it, what is wrong with the entry. */
  readonly governance: Governance;
  readonly audit: (before: Governance, entry: Entry, after: Governance) => Check | undefined;
  readonly progress?: (done: number, total: number) => void;
}

/**
 * Recomputes what the log claims from its rows alone: the tree from the headers, each checkpoint ever signed,
 * each stored tile, each sealed column's hash, and whether every approval and disclosure was allowed where it stands.
 */
export async function verifyLog(options: VerifyOptions): Promise<Verified> {
  const { db, progress } = options;
  const head = await new LogReader(db).head();
  const run = new Verification(options);
  await run.expiries.read();
  await run.loadCheckpoints();
  run.expectHead(head);
  for (let from = 0; from < head.size; from += entriesAPage) {
    await run.page(from, Math.min(from + entriesAPage, head.size));
    progress?.(Math.min(from + entriesAPage, head.size), head.size);
  }
  await run.aboveHead(head.size);
  return run.result();
}

interface EntryRow {
  position: number;
  stream: string;
  version: number;
  type: string;
  at: number;
  subject: string | null;
  governs: boolean;
  leaf: Buffer;
  header: Buffer;
}

class Verification {
  private readonly problems: { position: number; check: Check }[] = [];
  private readonly versions = new Map<string, number>();
  private readonly tileCheck: TileCheck;
  private readonly bodies: BodyStore;
  readonly expiries: ClaimedExpiries;
  private checkpoints: { size: number; root: Uint8Array | undefined; note: string }[] = [];
  private frontier: Frontier = emptyFrontier;
  private governance: Governance;
  private lastAt = 0;
  private counts = { entries: 0, bodies: 0, checkpoints: 0, disclosures: 0, approvals: 0 };

  constructor(private readonly options: VerifyOptions) {
    this.expiries = new ClaimedExpiries(options.db);
    this.governance = options.governance;
    this.bodies = options.bodies ?? new PostgresBodyStore(options.db);
    this.tileCheck = new TileCheck(options.db, (position) => this.report(position, 'tile_differs'));
  }

  report(position: number, check: Check): void {
    if (this.problems.length < mostProblems) this.problems.push({ position, check });
  }

  /** Position of a checkpoint is that of the last entry it covers. */
  async loadCheckpoints(): Promise<void> {
    const { rows } = await this.options.db.query<{ size: number; note: string }>(
      'SELECT size, note FROM log.checkpoint ORDER BY size',
    );
    this.checkpoints = rows.map(({ size, note }) => ({ size, note, root: this.rootOf(note, size) }));
    this.counts.checkpoints = rows.length;
  }

  expectHead({ size, checkpoint }: { size: number; checkpoint: string }): void {
    const last = this.checkpoints.at(-1) ?? { size: 0, note: '' };
    if (last.size !== size || last.note !== checkpoint) this.report(Math.min(last.size, size), 'head_differs');
  }

  async page(from: number, to: number): Promise<void> {
    const { rows } = await this.options.db.query<EntryRow>(
      `SELECT position, stream, version, type, at, subject, governs, leaf, header FROM log.entry
       WHERE position >= $1 AND position < $2 ORDER BY position`,
      [from, to],
    );
    const byPosition = new Map(rows.map((row) => [row.position, row]));
    const entries: Entry[] = [];
    for (let position = from; position < to; position += 1) {
      const row = byPosition.get(position);
      const entry = row === undefined ? this.missing(position) : this.entry(row);
      if (entry !== undefined) entries.push(entry);
    }
    this.counts.bodies += await verifyBodies(this.bodies, from, to, entries, this.expiries, (position, check) =>
      this.report(position, check),
    );
    await this.tileCheck.flush();
  }

  async aboveHead(size: number): Promise<void> {
    const { rows } = await this.options.db.query<{ position: number }>(
      `SELECT position FROM log.entry WHERE position >= $1
       UNION SELECT position FROM log.body WHERE position >= $1 ORDER BY position LIMIT $2`,
      [size, mostProblems],
    );
    for (const { position } of rows) this.report(position, 'not_in_the_log');
  }

  result(): Verified {
    const problems = [...this.problems].sort((a, b) => a.position - b.position);
    return { ok: problems.length === 0, ...this.counts, tiles: this.tileCheck.checked, problems };
  }

  private missing(position: number): undefined {
    this.report(position, 'missing');
    this.grow(new Uint8Array(32));
  }

  private entry(row: EntryRow): Entry | undefined {
    this.counts.entries += 1;
    const { position } = row;
    const intact = row.leaf.equals(leafHash(row.header));
    if (!intact) this.report(position, 'header_changed');
    // The tree goes on with the stored leaf, so that one changed header is one problem and not all that follow.
    this.grow(row.leaf);
    const entry = decoded(row.header);
    if (entry === undefined) this.report(position, 'header_unreadable');
    if (entry === undefined || !intact) {
      // What its columns say of it goes on, so that the entries behind it are not reported for its sake.
      this.versions.set(row.stream, row.version + 1);
      return undefined;
    }
    this.compare(row, entry);
    this.govern(entry);
    return entry;
  }

  private compare(row: EntryRow, entry: Entry): void {
    const { position } = row;
    const same =
      entry.position === position &&
      entry.stream === row.stream &&
      entry.version === row.version &&
      entry.type === row.type &&
      entry.at === row.at &&
      (entry.subject ?? null) === row.subject &&
      governs[entry.type] === row.governs;
    if (!same) this.report(position, 'column_differs');
    if (entry.at < this.lastAt) this.report(position, 'time_reversed');
    if (entry.version !== (this.versions.get(entry.stream) ?? 0)) this.report(position, 'version_wrong');
    this.lastAt = entry.at;
    this.versions.set(entry.stream, entry.version + 1);
  }

  private govern(entry: Entry): void {
    if (!governs[entry.type]) return;
    if (entry.type === 'disclosure.made') this.counts.disclosures += 1;
    if (entry.type === 'request.approved') this.counts.approvals += 1;
    const after = this.governance.evolve(entry);
    const check = this.options.audit(this.governance, entry, after);
    if (check !== undefined) this.report(entry.position, check);
    this.governance = after;
  }

  private grow(leaf: Uint8Array): void {
    this.frontier = appendLeaf(this.frontier, leaf);
    this.tileCheck.add(leaf);
    const { size } = this.frontier;
    while ((this.checkpoints[0]?.size ?? Infinity) < size) this.checkpoints.shift();
    const signed = this.checkpoints[0];
    if (signed?.size !== size) return;
    if (signed.root === undefined) this.report(size - 1, 'checkpoint_forged');
    else if (!Buffer.from(signed.root).equals(frontierRoot(this.frontier))) this.report(size - 1, 'checkpoint_differs');
  }

  private rootOf(note: string, size: number): Uint8Array | undefined {
    try {
      const checkpoint = openCheckpoint(note, this.options.origin, [...this.options.verifiers]);
      return checkpoint.size === size ? checkpoint.root : undefined;
    } catch {
      return undefined;
    }
  }
}

function decoded(header: Uint8Array): Entry | undefined {
  try {
    return decodeHeader(header);
  } catch {
    return undefined;
  }
}
