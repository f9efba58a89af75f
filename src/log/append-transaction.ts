import { createHash, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { signCheckpoint } from '../merkle/checkpoint.js';
import { appendLeaves, encodeFrontier, frontierRoot } from '../merkle/frontier.js';
import { leafHash } from '../merkle/hash.js';
import type { NoteSigner } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { BodyStore } from './body-store.js';
import type { Draft, Head, Outcome, WriteCommand } from './draft.js';
import { governs, type Actor } from './entries.js';
import { encodeHeader, type Entry } from './header.js';
import type { Position } from './ids.js';
import { insertGroup, type PlacedEntry } from './insert-group.js';
import type { Replayed, VerifiedReplay } from './verified-replay.js';

export interface LogIdentity {
  readonly origin: string;
  readonly signer: NoteSigner;
}

export interface AppenderParts {
  readonly identity: LogIdentity;
  readonly bodies: BodyStore;
  readonly replay: VerifiedReplay;
}

/** A command waiting for the head: `decide` is pure, so it may be asked again. */
export interface Pending {
  readonly command: WriteCommand;
  readonly decide: (head: Head) => Outcome<unknown>;
}

export type Settled =
  | { kind: 'done'; answer: unknown; positions: readonly Position[]; repeated: boolean }
  | { kind: 'failed'; error: unknown };

/** The writer depended on a stream that has moved on. It may read again and try again. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict';
}

/** What COMMIT will make true, if it succeeds. */
export interface Prepared {
  readonly settled: readonly Settled[];
  /** Undefined if no command of the group writes anything. */
  readonly next: Replayed | undefined;
}

/**
 * Everything of one append but BEGIN and COMMIT: takes the head, reads what others appended, decides each
 * command on the state at exactly that position, and writes entries, leaves, tiles and signed checkpoint.
 */
export async function prepareGroup(
  client: pg.ClientBase,
  { identity, bodies, replay }: AppenderParts,
  group: readonly Pending[],
): Promise<Prepared> {
  const head = await lockHead(client);
  // From here on nobody else appends until this transaction ends.
  const base = await replay.advanceTo(client, head);
  const earlier = await earlierAnswers(client, group);
  const { placed, settled } = await decideAll(client, base, head.at, group, earlier);
  if (placed.length === 0) return { settled, next: undefined };

  const frontier = appendLeaves(
    base.frontier,
    placed.map(({ leaf }) => leaf),
  );
  const checkpoint = signCheckpoint(
    { origin: identity.origin, size: frontier.size, root: frontierRoot(frontier) },
    identity.signer,
  );
  await insertGroup(client, bodies, {
    from: base.size,
    to: frontier.size,
    at: head.at,
    placed,
    frontier: encodeFrontier(frontier),
    checkpoint,
    answers: answersToKeep(group, settled),
  });
  const governance = placed.reduce(
    (state, { entry }) => (governs[entry.type] ? state.evolve(entry) : state),
    base.governance,
  );
  return { settled, next: { size: frontier.size, frontier, governance, checkpoint } };
}

async function lockHead(client: pg.ClientBase): Promise<{ size: number; at: number; checkpoint: string }> {
  const { rows } = await client.query('SELECT size, at, checkpoint FROM log.lock_head()');
  return rows[0];
}

const commandKey = ({ actor, id }: WriteCommand) => `${actor}\n${id}`;

type Earlier = ReadonlyMap<string, { digest: Uint8Array; answer: unknown; positions: readonly Position[] }>;

async function earlierAnswers(client: pg.ClientBase, group: readonly Pending[]): Promise<Earlier> {
  const { rows } = await client.query({
    name: 'earlier-answers',
    text: `SELECT actor, command, digest, first, count, answer FROM log.command
           WHERE (actor, command) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    values: [group.map(({ command }) => command.actor), group.map(({ command }) => command.id)],
  });
  return new Map(
    rows.map(({ actor, command, digest, first, count, answer }) => [
      commandKey({ actor, id: command, digest }),
      { digest, answer, positions: range(first, count) },
    ]),
  );
}

/**
 * Decides the commands in order, each on the state that the ones before it leave. A command whose stream has
 * moved on is taken out and the rest is decided anew: decisions are pure, so that costs nothing but time.
 */
async function decideAll(
  client: pg.ClientBase,
  base: Replayed,
  at: number,
  group: readonly Pending[],
  earlier: Earlier,
): Promise<{ placed: PlacedEntry[]; settled: Settled[] }> {
  const versions = new Map<string, number>();
  const conflicts = new Set<Pending>();
  for (;;) {
    const { placed, settled, unknownStreams } = decideOnce(base, at, group, earlier, versions, conflicts);
    if (unknownStreams.length === 0) return { placed, settled };
    await readVersions(client, unknownStreams, versions);
  }
}

function decideOnce(
  base: Replayed,
  at: number,
  group: readonly Pending[],
  earlier: Earlier,
  known: ReadonlyMap<string, number>,
  conflicts: Set<Pending>,
) {
  const answered = new Map(earlier);
  const versions = new Map(known);
  const placed: PlacedEntry[] = [];
  const unknownStreams: string[] = [];
  let governance = base.governance;

  const settle = (pending: Pending): Settled => {
    const { command } = pending;
    const before = answered.get(commandKey(command));
    if (before !== undefined) {
      if (!Buffer.from(before.digest).equals(command.digest)) throw new Problem('command_reused');
      return { kind: 'done', answer: before.answer, positions: before.positions, repeated: true };
    }
    if (conflicts.has(pending)) throw new VersionConflict();
    const first = base.size + placed.length;
    const outcome = pending.decide({ size: first, at, of: (key) => governance.of(key) });
    for (const draft of outcome.entries) {
      if (!versions.has(draft.stream)) {
        unknownStreams.push(draft.stream);
        versions.set(draft.stream, 0);
      }
    }
    if (unknownStreams.length === 0 && isConflict(outcome.entries, versions)) {
      conflicts.add(pending);
      throw new VersionConflict();
    }
    // All of an outcome or nothing of it: what cannot be encoded must not leave the entries before it behind.
    const own = placeAll(outcome.entries, versions, { position: first, at, actor: command.actor });
    const after = own.reduce((state, { entry }) => (governs[entry.type] ? state.evolve(entry) : state), governance);
    placed.push(...own);
    governance = after;
    for (const { entry } of own) versions.set(entry.stream, entry.version + 1);
    const positions = range(first, outcome.entries.length);
    if (positions.length > 0)
      answered.set(commandKey(command), { digest: command.digest, answer: outcome.answer, positions });
    return { kind: 'done', answer: outcome.answer, positions, repeated: false };
  };

  const settled = group.map((pending): Settled => {
    try {
      return settle(pending);
    } catch (error) {
      return { kind: 'failed', error };
    }
  });
  return { placed, settled, unknownStreams };
}

/** Versions are those before the outcome; a draft's place within its own outcome counts too. */
function isConflict(entries: readonly Draft[], versions: ReadonlyMap<string, number>): boolean {
  const added = new Map<string, number>();
  return entries.some(({ stream, expectedVersion }) => {
    const offset = added.get(stream) ?? 0;
    added.set(stream, offset + 1);
    return expectedVersion !== undefined && expectedVersion !== (versions.get(stream) ?? 0) + offset;
  });
}

async function readVersions(client: pg.ClientBase, streams: readonly string[], versions: Map<string, number>) {
  const { rows } = await client.query({
    name: 'stream-versions',
    text: `SELECT s AS stream, coalesce((SELECT max(version) + 1 FROM log.entry WHERE stream = s), 0) AS next
           FROM unnest($1::text[]) s`,
    values: [[...new Set(streams)]],
  });
  for (const { stream, next } of rows) versions.set(stream, next);
}

function placeAll(
  drafts: readonly Draft[],
  versions: ReadonlyMap<string, number>,
  { position, ...at }: { position: number; at: number; actor: Actor },
): PlacedEntry[] {
  const next = new Map<string, number>();
  return drafts.map((draft, offset) => {
    const version = next.get(draft.stream) ?? versions.get(draft.stream) ?? 0;
    next.set(draft.stream, version + 1);
    return place(draft, { position: (position + offset) as Position, version, ...at });
  });
}

function place(draft: Draft, at: Pick<Entry, 'position' | 'version' | 'at' | 'actor'>): PlacedEntry {
  const { type, stream, data, subject, id = randomBytes(16), columns = [] } = draft;
  const entry = {
    ...at,
    id,
    stream,
    type,
    data,
    ...(subject === undefined ? {} : { subject }),
    columns: columns.map(({ field, sealed }) => ({ field, bytes: sealed.length, sha256: sha256(sealed) })),
  } as Entry;
  const header = encodeHeader(entry);
  return { entry, header, leaf: leafHash(header), draft };
}

function answersToKeep(group: readonly Pending[], settled: readonly Settled[]) {
  return settled.flatMap((one, index) => {
    if (one.kind === 'failed' || one.repeated || one.positions.length === 0) return [];
    const { command } = group[index] as Pending;
    return [{ command, first: one.positions[0] as Position, count: one.positions.length, answer: one.answer }];
  });
}

const range = (first: number, count: number): Position[] =>
  Array.from({ length: count }, (_, offset) => (first + offset) as Position);

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
