import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Draft } from '../src/log/draft.js';
import type { FieldName } from '../src/log/fields.js';
import { encodeHeader, type Entry } from '../src/log/header.js';
import type { PersonId, Position, SessionId, SubjectId } from '../src/log/ids.js';
import { insertGroup, type PlacedEntry } from '../src/log/insert-group.js';
import { PostgresBodyStore } from '../src/log/postgres-body-store.js';
import { dayMs, retentionStream } from '../src/log/retention.js';
import { ownCommand } from '../src/log/write-command.js';
import { signCheckpoint } from '../src/merkle/checkpoint.js';
import { appendLeaves, emptyFrontier, encodeFrontier, frontierRoot, type Frontier } from '../src/merkle/frontier.js';
import { leafHash } from '../src/merkle/hash.js';
import type { NoteSigner } from '../src/merkle/note.js';

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
}

const fields = ['time', 'kind', 'screen', 'screen.text', 'typed'] as const satisfies readonly FieldName[];
const entriesASession = 50;
const start = Date.UTC(2026, 0, 1);

/**
 * Writes a log as years of service leave it, in minutes: real headers, leaves, tiles and signed checkpoints, into an
 * empty database, by a superuser. Sessions of sealed batches, and now and then an entry that governs.
 */
export async function writeTrueLog(client: pg.ClientBase, options: TrueLogOptions): Promise<void> {
  const versions = new Map<string, number>();
  let frontier = emptyFrontier;
  while (frontier.size < options.entries) {
    const from = frontier.size;
    const placed: PlacedEntry[] = [];
    const time = timeAt(from, options);
    const to = Math.min(from + (options.entriesAtOnce ?? 4096), ...ends(options).filter((end) => end > from));
    for (let position = from; position < to; position += 1) {
      placed.push(place(position, draftAt(position, options), time, versions));
    }
    await client.query('BEGIN');
    frontier = await writeGroup(client, options, frontier, placed);
    await client.query('COMMIT');
  }
  await client.query('VACUUM ANALYZE log.entry, log.body, log.tile, log.checkpoint');
}

async function writeGroup(
  client: pg.ClientBase,
  { origin, signer, entriesACheckpoint = 64, columnBytes }: TrueLogOptions,
  before: Frontier,
  placed: readonly PlacedEntry[],
): Promise<Frontier> {
  const leaves = placed.map(({ leaf }) => leaf);
  const notes: { size: number; note: string }[] = [];
  let frontier = before;
  for (let done = 0; done < leaves.length;) {
    const next = Math.min(done + entriesACheckpoint, leaves.length);
    frontier = appendLeaves(frontier, leaves.slice(done, next));
    const { size } = frontier;
    notes.push({ size, note: signCheckpoint({ origin, size, root: frontierRoot(frontier) }, signer) });
    done = next;
  }
  const last = notes.pop();
  await client.query('INSERT INTO log.checkpoint SELECT * FROM unnest($1::bigint[], $2::text[])', [
    notes.map(({ size }) => size),
    notes.map(({ note }) => note),
  ]);
  await client.query('SELECT log.make_room_for_bodies($1)', [frontier.size - 1]);
  await insertGroup(client, new PostgresBodyStore(client), {
    from: before.size,
    to: frontier.size,
    at: placed.at(-1)?.entry.at ?? 0,
    placed: columnBytes === undefined ? placed.map(withoutColumns) : placed,
    frontier: encodeFrontier(frontier),
    checkpoint: last?.note ?? '',
    answers: [{ command: ownCommand(`group:${before.size}`), first: before.size, count: placed.length, answer: null }],
  });
  return frontier;
}

const withoutColumns = (one: PlacedEntry): PlacedEntry => ({ ...one, draft: { ...one.draft, columns: [] } });

function draftAt(position: number, { origin, entries, columnBytes }: TrueLogOptions): Draft {
  if (position === 0) return { type: 'log.opened', stream: 'log', data: { origin } };
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
  const reason = 'kept for a day';
  if (place === 0) {
    const keep = fields.map((field) => ({ field, days: 1 }));
    return { type: 'retention.set', stream: retentionStream, data: { keep, reason } };
  }
  const field = fields[place - 1] as FieldName;
  return { type: 'columns.expired', stream: retentionStream, data: { field, before: start + entries, policy } };
}

/** Where a transaction must end: all its entries have one time, and a retention takes hold a day after it was set. */
const ends = ({ entries, columnBytes }: TrueLogOptions): number[] =>
  columnBytes === undefined ? [entries - 1 - fields.length, entries - fields.length, entries] : [entries];

const timeAt = (position: number, { entries, columnBytes }: TrueLogOptions): number =>
  start + position + (columnBytes === undefined && position >= entries - fields.length ? 3 * dayMs : 0);

function place(position: number, draft: Draft, at: number, versions: Map<string, number>): PlacedEntry {
  const { type, stream, subject, data, columns = [] } = draft;
  const version = versions.get(stream) ?? 0;
  versions.set(stream, version + 1);
  const entry = {
    position: position as Position,
    id: randomBytes(16),
    stream,
    version,
    type,
    at,
    actor: 'source' as PersonId,
    data,
    ...(subject === undefined ? {} : { subject }),
    columns: columns.map(({ field, sealed }) => ({ field, bytes: sealed.length, sha256: sha256(sealed) })),
  } as Entry;
  const header = encodeHeader(entry);
  return { entry, header, leaf: leafHash(header), draft };
}

const epochOf = (session: number) => Uint8Array.from({ length: 16 }, (_, index) => (session >> (index % 4)) & 255);
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
