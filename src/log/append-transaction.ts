import type pg from 'pg';
import { AppendedLeaves } from '../merkle/appended-leaves.js';
import { signCheckpoint } from '../merkle/checkpoint.js';
import type { NoteSigner } from '../merkle/note.js';
import { Problem } from '../problem.js';
import type { BodyStore } from './body-store.js';
import type { Queryable } from './database.js';
import {
  commandKey,
  decideGroup,
  range,
  type Decided,
  type DecidedAt,
  type EarlierAnswer,
  type Pending,
  type Settled,
} from './decide-group.js';
import type { Base, HeadBelief } from './head-belief.js';
import type { Position } from './ids.js';
import type { Group } from './insert-group.js';
import type { StreamVersions } from './stream-versions.js';
import type { Replayed, VerifiedReplay } from './verified-replay.js';

export interface LogIdentity {
  readonly origin: string;
  readonly signer: NoteSigner;
}

export interface AppenderParts {
  readonly identity: LogIdentity;
  readonly bodies: BodyStore;
  readonly replay: VerifiedReplay;
  readonly versions: StreamVersions;
  readonly belief: HeadBelief;
}

/** A group, decided and not written yet. */
export interface Prepared {
  /** What the database says was answered to commands of the group before; not proven yet. */
  readonly earlier: ReadonlyMap<string, StoredAnswer>;
  /** Time of its entries. */
  readonly at: number;
  readonly settled: readonly Settled[];
  /** Undefined if no command of the group writes anything. */
  readonly writes: Writes | undefined;
}

export interface Writes {
  readonly group: Group;
  /** What follows from the log with them. */
  readonly next: Replayed;
  readonly versions: ReadonlyMap<string, number>;
}

interface TakenHead {
  readonly size: number;
  readonly at: number;
  readonly checkpoint: string;
  readonly earlier: ReadonlyMap<string, StoredAnswer>;
}

/**
 * Begins a transaction, takes the head, reads what others appended, and decides each command on the state at exactly
 * that position. Writes nothing: if we stop here the server ends the transaction and nothing was.
 */
export async function prepareGroup(
  client: pg.ClientBase,
  parts: AppenderParts,
  group: readonly Pending[],
): Promise<Prepared & { readonly isAlone: boolean }> {
  const left = parts.replay.current;
  const head = await takeHead(client, group);
  // From here on nobody else appends until this transaction ends.
  const state = await parts.replay.advanceTo(client, head);
  const { at, earlier } = head;
  const { size, governance } = state;
  const decided = await decideAll(client, parts.versions, { size, at, governance, earlier }, group);
  return { ...prepared(parts, { state, at }, group, decided, earlier), isAlone: state === left };
}

/**
 * The same on the head as it is believed to be, without asking the database where it is. What was answered before is
 * not known here: the database refuses a command that is there already. Undefined if there is no belief any more.
 */
export async function prepareOnBelief(
  pool: pg.Pool,
  { belief, versions, ...parts }: AppenderParts,
  group: readonly Pending[],
): Promise<Prepared | undefined> {
  for (;;) {
    const base = belief.current;
    if (base === undefined) return undefined;
    const { size, governance } = base.state;
    const head = { size, at: base.at, governance, earlier: new Map(), versions: versions.at(size) };
    const decided = decideGroup(head, group);
    if (decided.kind === 'decided') return prepared(parts, base, group, decided, head.earlier);
    const read = await readVersions(pool, decided.streams);
    // Without the head in hand these are believed too: lost meanwhile, they may be those of another log of this size.
    if (belief.current === undefined) return undefined;
    versions.learn(read);
  }
}

type DecidedGroup = Extract<Decided, { kind: 'decided' }>;

function prepared(
  { identity: { origin, signer } }: Pick<AppenderParts, 'identity'>,
  { state, at }: Base,
  group: readonly Pending[],
  { placed, settled, governance, versions }: DecidedGroup,
  earlier: Prepared['earlier'],
): Prepared {
  if (placed.length === 0) return { at, earlier, settled, writes: undefined };
  const tree = new AppendedLeaves(
    state.frontier,
    placed.map(({ leaf }) => leaf),
  );
  const { size: from, checkpoint: before } = state;
  const { size } = tree.frontier;
  const checkpoint = signCheckpoint({ origin, size, root: tree.root }, signer);
  return {
    at,
    earlier,
    settled,
    writes: {
      group: { from, before, at, placed, tree, checkpoint, answers: answersToKeep(group, settled) },
      next: { size, frontier: tree.frontier, governance, checkpoint },
      versions,
    },
  };
}

async function takeHead(client: pg.ClientBase, group: readonly Pending[]): Promise<TakenHead> {
  const commands = group.flatMap((pending) => pending.commands);
  const begun = client.query('BEGIN');
  const taken = client.query<Omit<TakenHead, 'earlier'> & { earlier: EarlierRow[] | null }>({
    name: 'take-head',
    text: 'SELECT size, at, checkpoint, earlier FROM log.take_head($1, $2)',
    values: [commands.map(({ actor }) => actor), commands.map(({ id }) => id)],
  });
  const [, { rows }] = await Promise.all([begun, taken]);
  const { earlier, ...head } = rows[0] as (typeof rows)[0];
  return { ...head, earlier: new Map(earlier?.map((row) => earlierAnswer(row, head.size))) };
}

type EarlierRow = [actor: string, command: string, digest: string, first: number, count: number, answer: string];

/** An answer that was read back; `text` is what it was read from. */
export interface StoredAnswer extends EarlierAnswer {
  readonly text: string;
}

function earlierAnswer([actor, id, digest, first, count, text]: EarlierRow, size: number): [string, StoredAnswer] {
  if (first < 0 || count < 1 || first + count > size)
    throw new Problem('log_corrupt', { position: Math.max(first, 0) });
  const key = commandKey({ actor, id } as Parameters<typeof commandKey>[0]);
  return [key, { digest: Buffer.from(digest, 'hex'), text, answer: parsed(text), positions: range(first, count) }];
}

/** A row may hold anything. What is no JSON is not what was hashed either, and nobody is answered with it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function decideAll(
  client: pg.ClientBase,
  known: StreamVersions,
  head: Omit<DecidedAt, 'versions'>,
  group: readonly Pending[],
): Promise<DecidedGroup> {
  for (;;) {
    // Decisions are pure, so deciding once more costs nothing but time.
    const decided = decideGroup({ ...head, versions: known.at(head.size) }, group);
    if (decided.kind === 'decided') return decided;
    known.learn(await readVersions(client, decided.streams));
  }
}

async function readVersions(db: Queryable, streams: readonly string[]): Promise<[string, number][]> {
  const { rows } = await db.query<{ stream: string; next: number }>({
    name: 'stream-versions',
    text: `SELECT s AS stream, coalesce((SELECT max(version) + 1 FROM log.entry WHERE stream = s), 0) AS next
           FROM unnest($1::text[]) s`,
    values: [streams],
  });
  return rows.map(({ stream, next }) => [stream, next]);
}

function answersToKeep(group: readonly Pending[], settled: readonly Settled[]): Group['answers'] {
  return settled.flatMap((one, index) => {
    if (one.kind === 'failed' || one.repeated || one.positions.length === 0) return [];
    const { commands } = group[index] as Pending;
    const [first, count] = [one.positions[0] as Position, one.positions.length];
    return commands.map((command, at) => ({ command, first, count, answer: one.answers[at] }));
  });
}
