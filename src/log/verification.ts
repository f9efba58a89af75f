import type pg from 'pg';
import { appendPart, emptyFrontier, foldSubtrees, type Frontier } from '../merkle/frontier.js';
import { hashBytes } from '../merkle/hash.js';
import type { Findings } from './checks.js';
import { ClaimedExpiries } from './claimed-expiries.js';
import { governs, type EntryType } from './entries.js';
import type { EntryRow } from './entry-places.js';
import { examinePage } from './examine-page.js';
import { readToExamine } from './examined-rows.js';
import type { Governance } from './governance.js';
import { headerVersionOf } from './header-scan.js';
import { decodeHeader, type Entry } from './header.js';
import { ColumnPlaces, columnsOfEntries, type PageColumns } from './page-columns.js';
import type { PageWorker } from './page-work.js';
import { PostgresBodyStore } from './postgres-body-store.js';
import { readPages, type ReadPage } from './read-pages.js';
import { entriesAPage } from './replay-page.js';
import { SignedRoots } from './signed-roots.js';
import { verifyBodies, type BodyVerification } from './verify-bodies.js';
import { NamedCommands } from './verify-commands.js';
import type { VerifyOptions } from './verify-options.js';
import type { SoundPage } from './verify-page.js';
import { UpperTiles } from './verify-tiles.js';

/** Entries that a rule is asked about: those that govern, and the keyholder's word that a key is gone. */
const audited = (Object.keys(governs) as EntryType[]).filter((type) => governs[type] || type === 'key.destroyed');

export interface VerificationParts {
  readonly client: pg.ClientBase;
  readonly worker: PageWorker;
  readonly options: VerifyOptions;
  readonly findings: Findings;
  readonly size: number;
  /** Size of the checkpoint from which on all is looked at; 0 for the whole log. */
  readonly since: number;
}

/** Clocks of two machines may differ by so much. */
const clocksDifferMs = 300_000;

/** Goes through the log page by page with what follows from the pages below: the tree, the state, the stream versions. */
export class Verification {
  frontier: Frontier = emptyFrontier;
  readonly counts = { entries: 0, bodies: 0, checkpoints: 0, tiles: 0, commands: 0, disclosures: 0, approvals: 0 };
  private governance: Governance;
  private lastAt = 0;
  private isMissing = false;
  /** Of an entry, by the clock of whoever verifies. */
  private readonly latestAt: number;
  private isAhead = false;
  /** Whether the entries below `since` are those that were signed: everything not looked at rests on it. */
  trusts = false;
  /** Of every stream, the version that comes next: some 130 bytes a stream, so 130 MB for a million of them (measured). */
  private readonly versions = new Map<string, number>();
  private readonly roots: SignedRoots;
  private readonly tiles: UpperTiles;
  private readonly bodies: BodyVerification;

  constructor(private readonly parts: VerificationParts) {
    const { client, worker, options, findings } = parts;
    this.governance = options.governance;
    this.latestAt = (options.now ?? Date.now()) + clocksDifferMs;
    this.roots = new SignedRoots(findings);
    this.tiles = new UpperTiles(client, findings);
    const bodies = options.bodies ?? new PostgresBodyStore(client);
    // Bodies elsewhere are not of this snapshot: what the log gave up meanwhile may be gone there.
    const expiries = new ClaimedExpiries(options.bodies === undefined ? client : options.db);
    this.bodies = { bodies, worker, findings, expiries };
  }

  async run(): Promise<void> {
    const { options, size, since } = this.parts;
    const { origin, verifiers, progress } = options;
    const wholeFrom = startOfPageWith(since);
    await this.bodies.expiries.read();
    for await (const page of readPages({ ...this.parts, wholeFrom, origin, verifiers, wanted: audited })) {
      const { verified } = page;
      const joined = verified !== undefined && this.follows(verified);
      await (joined ? this.join(page, verified) : this.examine(page));
      progress?.(page.to, size);
    }
    this.roots.end();
    this.counts.tiles += this.tiles.checked;
  }

  /** Whether a page that is sound by itself goes on where the one below it ended. */
  private follows({ firstAt, lastAt, streams }: SoundPage): boolean {
    const inTime = firstAt >= this.lastAt && (lastAt <= this.latestAt || this.isAhead);
    return inTime && [...streams].every(([stream, [first]]) => first === (this.versions.get(stream) ?? 0));
  }

  private async join(page: ReadPage, sound: SoundPage): Promise<void> {
    for (const { size, signed, ofPart } of sound.checkpoints) {
      this.compareRoot(size, signed, foldSubtrees([...this.frontier.hashes, ofPart]));
    }
    this.counts.checkpoints += sound.checkpoints.length;
    this.counts.commands += sound.commands;
    this.counts.entries += page.to - page.from;
    this.frontier = appendPart(this.frontier, sound.frontier);
    await this.addTiles(page, sound.tileRoots);
    for (const [stream, [, next]] of sound.streams) this.versions.set(stream, next);
    this.lastAt = sound.lastAt;
    for (const { header } of sound.wanted) this.govern(decodeHeader(header));
    if (page.whole) await this.verifyBodies(ColumnPlaces.columns(sound.columns, page.entries), new Set());
  }

  /** The same for a page with something wrong in it, or in how it goes on: slowly, and naming what it is. */
  private async examine(page: ReadPage): Promise<void> {
    const { client, findings, options } = this.parts;
    const read = await readToExamine(client, page, options);
    const examined = examinePage({ ...read, frontier: this.frontier }, findings.report);
    for (const { size, signed } of read.checkpoints) {
      if (signed === undefined) findings.report(size - 1, 'checkpoint_forged');
      else this.compareRoot(size, signed, examined.roots.get(size) as Uint8Array);
    }
    this.counts.checkpoints += read.checkpoints.length;
    this.counts.entries += read.rows.filter(({ position }) => position >= page.from && position < page.to).length;
    this.frontier = examined.frontier;
    await this.addTiles(page, examined.tileRoots);
    const unknown = new Set<number>();
    const named = new NamedCommands(page.from, page.to);
    for (const { position, row, entry } of examined.places) {
      if (row === undefined) this.isMissing = true;
      if (entry === undefined) unknown.add(position);
      else this.examineEntry(entry, row);
      // What its columns say of it goes on, so that the entries behind it are not reported for its sake.
      if (entry === undefined && row !== undefined) this.versions.set(row.stream, row.version + 1);
      if (entry !== undefined && row !== undefined && headerVersionOf(row.header) > 1)
        named.add(position, entry.command);
    }
    if (read.commands !== undefined) this.counts.commands += named.compare(read.commands, findings.report);
    const known = examined.places.flatMap(({ entry }) => entry ?? []);
    if (page.whole) await this.verifyBodies(columnsOfEntries(page.from, page.to, known), unknown);
  }

  private compareRoot(size: number, signed: Uint8Array, root: Uint8Array): void {
    const right = this.roots.compare(size, signed, root);
    if (right && size === this.parts.since) this.trusts = true;
  }

  private examineEntry(entry: Entry, row: EntryRow | undefined): void {
    const { position } = entry;
    const { report } = this.parts.findings;
    const same =
      row !== undefined &&
      entry.stream === row.stream &&
      entry.version === row.version &&
      entry.type === row.type &&
      entry.at === row.at &&
      (entry.subject ?? null) === row.subject &&
      governs[entry.type] === row.governs;
    if (!same) report(position, 'column_differs');
    if (entry.at < this.lastAt) report(position, 'time_reversed');
    // Once: no entry goes back behind the one before it, so that all others follow.
    if (entry.at > this.latestAt && !this.isAhead) report(position, 'time_ahead');
    this.isAhead ||= entry.at > this.latestAt;
    const expected = this.versions.get(entry.stream) ?? 0;
    // One that is missing leaves a gap in its stream too.
    if (entry.version < expected || (entry.version > expected && !this.isMissing)) report(position, 'version_wrong');
    this.lastAt = entry.at;
    this.versions.set(entry.stream, entry.version + 1);
    if (audited.includes(entry.type)) this.govern(entry);
  }

  private govern(entry: Entry): void {
    if (entry.type === 'disclosure.made') this.counts.disclosures += 1;
    if (entry.type === 'request.approved') this.counts.approvals += 1;
    const { options, findings } = this.parts;
    const after = governs[entry.type] ? this.governance.evolve(entry) : this.governance;
    const check = options.audit(this.governance, entry, after);
    if (check !== undefined) findings.report(entry.position, check);
    this.governance = after;
  }

  private async addTiles({ whole }: ReadPage, roots: Uint8Array): Promise<void> {
    if (whole) this.counts.tiles += roots.length / hashBytes;
    await this.tiles.add(roots, { compare: whole });
  }

  private async verifyBodies(columns: PageColumns, unknown: ReadonlySet<number>): Promise<void> {
    this.counts.bodies += await verifyBodies(this.bodies, columns, unknown);
  }
}

/** A checkpoint is compared in the page that holds the last of its entries. */
export const startOfPageWith = (size: number): number =>
  Math.floor(Math.max(size - 1, 0) / entriesAPage) * entriesAPage;
