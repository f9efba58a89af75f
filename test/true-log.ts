import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Draft } from '../src/log/draft.js';
import type { FieldName } from '../src/log/fields.js';
import type { CommandId, PersonId, Position, SessionId, SubjectId } from '../src/log/ids.js';
import { columnsOf, insertGroup } from '../src/log/insert-group.js';
import { entryAt, placedBy, type PlacedEntry } from '../src/log/place-entry.js';
import { PostgresBodyStore } from '../src/log/postgres-body-store.js';
import { retentionStream } from '../src/log/claimed-expiries.js';
import { writeCommand } from '../src/log/write-command.js';
import { AppendedLeaves } from '../src/merkle/appended-leaves.js';
import { signCheckpoint } from '../src/merkle/checkpoint.js';
import { appendLeaves, emptyFrontier, frontierRoot, type Frontier } from '../src/merkle/frontier.js';
import type { NoteSigner } from '../src/merkle/note.js';
import { TurnedClock } from './turned-clock.js';

export interface TrueLogOptions {
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Entries in all, at least 100. */
  readonly entries: number;
  /** As the service's group commit leaves them. */
  readonly entriesACheckpoint?: number;
  /** Left out, the sealed columns are all past their retention and gone, by entries that say so. */
  readonly columnBytes?: number;
  readonly entriesAtOnce?: number;
  /** What each entry above position 0 says; left out, sessions of sealed batches. */
  readonly tell?: (position: number) => Draft;
}

/** Whether the log ends with the entries that gave its columns up. */
const givesUpColumns = ({ columnBytes, tell }: TrueLogOptions) => columnBytes === undefined && tell === undefined;

const fields = ['time', 'kind', 'screen', 'screen.text', 'typed'] as const satisfies readonly FieldName[];
const entriesASession = 50;
const dayMs = 86_400_000;
/** Of the entry at position p: p milliseconds later. */
export const start = Date.UTC(2026, 0, 1);

/**
 * Writes a log as years of service leave it, in minutes: real headers, leaves, tiles and signed checkpoints, into an
 * empty database, by a superuser. Sessions of sealed batches, and now and then an entry that governs.
 */
export async function writeTrueLog(client: pg.ClientBase, options: TrueLogOptions): Promise<void> {
  const versions = new Map<string, number>();
  let written: Written = { frontier: emptyFrontier, checkpoint: '' };
  const clock = new TurnedClock((sql) => client.query(sql));
  await clock.turnTo("to_timestamp(current_setting('custos_test.at')::bigint / 1000.0)");
  while (written.frontier.size < options.entries) {
    const from = written.frontier.size;
    const group: PlacedEntry[] = [];
    const time = timeAt(from, options);
    const to = Math.min(from + (options.entriesAtOnce ?? 4096), ...ends(options).filter((end) => end > from));
    for (let position = from; position < to; position += 1) {
      group.push(place(position, draftAt(position, options), time, versions));
    }
    await client.query('BEGIN');
    await client.query("SELECT set_config('custos_test.at', $1, true)", [String(time)]);
    written = await writeGroup(client, options, written, group);
    await client.query('COMMIT');
  }
  await clock.putRight();
  await client.query('VACUUM ANALYZE log.entry, log.body, log.command, log.tile, log.checkpoint');
}

interface Written {
  readonly frontier: Frontier;
  readonly checkpoint: string;
}

async function writeGroup(
  client: pg.ClientBase,
  { origin, signer, entriesACheckpoint = 64, columnBytes }: TrueLogOptions,
  { frontier: before, checkpoint: beforeNote }: Written,
  placed: readonly PlacedEntry[],
): Promise<Written> {
  const tree = new AppendedLeaves(
    before,
    placed.map(({ leaf }) => leaf),
  );
  const notes: { size: number; note: string }[] = [];
  let frontier = before;
  while (frontier.size < tree.frontier.size) {
    const done = frontier.size - before.size;
    frontier = appendLeaves(
      frontier,
      placed.slice(done, done + entriesACheckpoint).map(({ leaf }) => leaf),
    );
    const { size } = frontier;
    notes.push({ size, note: signCheckpoint({ origin, size, root: frontierRoot(frontier) }, signer) });
  }
  const checkpoint = notes.pop()?.note ?? '';
  await client.query('INSERT INTO log.checkpoint SELECT * FROM unnest($1::bigint[], $2::text[])', [
    notes.map(({ size }) => size),
    notes.map(({ note }) => note),
  ]);
  await client.query('SELECT log.make_room_for_bodies($1)', [frontier.size - 1]);
  const at = placed[0]?.entry.at ?? 0;
  const answers = placed.map(({ entry: { position: first } }) => ({ ...commandAt(first), first, count: 1 }));
  const group = { from: before.size, before: beforeNote, at, placed, tree, checkpoint, answers };
  if (columnBytes !== undefined) await new PostgresBodyStore(client).put(client, columnsOf(group));
  await insertGroup(client, group);
  return { frontier, checkpoint };
}

function draftAt(position: number, { origin, entries, columnBytes, tell }: TrueLogOptions): Draft {
  if (position === 0) return { type: 'log.opened', stream: 'log', data: { origin } };
  if (tell !== undefined) return tell(position);
  if (columnBytes === undefined && position >= entries - 1 - fields.length) {
    return retentionAt(position - (entries - 1 - fields.length), entries);
  }
  const number = Math.floor(position / entriesASession);
  const session = `session-${number}` as SessionId;
  const subject = `subject-${number % 500}` as SubjectId;
  const of = { stream: `session/${session}`, subject };
  const place = position % entriesASession;
  if (place === 0) return { ...of, type: 'session.opened', data: { session, format: 'rrweb' } };
  const epoch = epochOf(number);
  if (place === 1) {
    return { ...of, type: 'session.keyed', data: { session, epoch, keyId: subject, sealedKey: randomBytes(80) } };
  }
  if (place === 25 && number % 2 === 0) {
    return { type: 'consent.changed', stream: `subject/${subject}`, subject, data: { consent: 'given' } };
  }
  const data = { session, epoch, first: place * 100, count: 100, from: start, to: start + 5000, catalogue: 1 };
  // A column that is gone is told by its hash alone, and nobody can compare that any more.
  const columns = fields.map((field) => ({ field, sealed: randomBytes(columnBytes ?? 48) }));
  return { ...of, type: 'session.batch', data, columns };
}

function retentionAt(place: number, entries: number): Draft {
  const policy = entries - 1 - fields.length;
  // Where the signature that set it would be: whoever folds this log asks no more of it than its columns' hashes.
  if (place === 0) return { type: 'consent.changed', stream: 'subject/subject-0', data: { consent: 'given' } };
  const field = fields[place - 1] as FieldName;
  return { type: 'columns.expired', stream: retentionStream, data: { field, before: start + entries, policy } };
}

/** Where a transaction must end: all its entries have one time, and a retention takes hold a day after it was set. */
const ends = (options: TrueLogOptions): number[] => {
  const { entries } = options;
  return givesUpColumns(options) ? [entries - 1 - fields.length, entries - fields.length, entries] : [entries];
};

const timeAt = (position: number, options: TrueLogOptions): number =>
  start + position + (givesUpColumns(options) && position >= options.entries - fields.length ? 3 * dayMs : 0);

function place(position: number, draft: Draft, at: number, versions: Map<string, number>): PlacedEntry {
  const version = versions.get(draft.stream) ?? 0;
  versions.set(draft.stream, version + 1);
  const entry = entryAt(draft, { position: position as Position, version, at, actor: draft.actor ?? source });
  const { command, answer } = commandAt(position);
  return placedBy([command], [answer], [{ entry, draft }])[0] as PlacedEntry;
}

/** One for each entry, answered as records are. */
const commandAt = (position: number) => ({
  command: writeCommand(`command-${position}` as CommandId, source, position),
  answer: { session: 'session', accepted: 100, duplicate: 0, suppressed: 0, next: position, problems: [] },
});
const source = 'source' as PersonId;

const epochOf = (session: number) => Uint8Array.from({ length: 16 }, (_, index) => (session >> (index % 4)) & 255);
