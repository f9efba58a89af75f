import { Problem } from '../problem.js';
import type { Draft, Head, Outcome, WriteCommand } from './draft.js';
import { governs, type Actor } from './entries.js';
import type { Governance } from './governance.js';
import type { Position } from './ids.js';
import { entryAt, placedBy, type PlacedEntry } from './place-entry.js';

/**
 * Commands waiting for the head, one or more: what they write, they write together, and each has an answer of its own.
 * `decide` is pure, so it may be asked again.
 */
export interface Pending {
  readonly commands: readonly WriteCommand[];
  readonly decide: (head: Head) => Outcome<readonly unknown[]>;
}

export type Settled =
  | { kind: 'done'; answers: readonly unknown[]; positions: readonly Position[]; repeated: boolean }
  | { kind: 'failed'; error: unknown };

/** The writer depended on a stream that has moved on. It may read again and try again. */
export class VersionConflict extends Error {
  override readonly name = 'VersionConflict';
}

/** One of several commands was answered before, or stands among them twice: each must be sent by itself. */
export class AnsweredApart extends Error {
  override readonly name = 'AnsweredApart';
}

/** What was answered to a command before. */
export interface EarlierAnswer {
  readonly digest: Uint8Array;
  readonly answer: unknown;
  readonly positions: readonly Position[];
}
export const commandKey = ({ actor, id }: Pick<WriteCommand, 'actor' | 'id'>) => `${actor}\n${id}`;

/** The head, held: everything that a decision may depend on. */
export interface DecidedAt {
  readonly size: number;
  readonly at: number;
  readonly governance: Governance;
  readonly earlier: ReadonlyMap<string, EarlierAnswer>;
  /** The next version of each stream, as far as it is known. */
  readonly versions: ReadonlyMap<string, number>;
}

export type Decided =
  | {
      readonly kind: 'decided';
      readonly placed: readonly PlacedEntry[];
      readonly settled: readonly Settled[];
      /** The state after the last entry. */
      readonly governance: Governance;
      readonly versions: ReadonlyMap<string, number>;
    }
  /** Nothing can be placed before the versions of these are known. */
  | { readonly kind: 'unknown_streams'; readonly streams: readonly string[] };

/**
 * Decides commands in order, each on the state that the ones before it leave. Pure but for the entries' random ids.
 * A command that fails, and one whose stream has moved on, leaves nothing behind.
 */
export function decideGroup(head: DecidedAt, group: readonly Pending[]): Decided {
  const { size, at, earlier } = head;
  const answered = new Map(earlier);
  const versions = new Map<string, number>();
  const entries: PlacedEntry[] = [];
  const unknown = new Set<string>();
  let { governance } = head;
  let next = size;

  const nextVersion = (stream: string): number => {
    const next = versions.get(stream) ?? head.versions.get(stream);
    if (next === undefined) unknown.add(stream);
    return next ?? 0;
  };

  function answeredBefore(commands: readonly WriteCommand[]): Settled | undefined {
    const [command, ...others] = commands as [WriteCommand, ...WriteCommand[]];
    if (others.length > 0) {
      const keys = new Set(commands.map(commandKey));
      if (keys.size < commands.length || [...keys].some((key) => answered.has(key))) throw new AnsweredApart();
      return undefined;
    }
    const before = answered.get(commandKey(command));
    if (before === undefined) return undefined;
    if (!Buffer.from(before.digest).equals(command.digest)) throw new Problem('command_reused');
    return { kind: 'done', answers: [before.answer], positions: before.positions, repeated: true };
  }

  function decideOne({ commands, decide }: Pending): Settled {
    const before = answeredBefore(commands);
    if (before !== undefined) return before;
    const state = governance;
    const first = next;
    const { entries: drafts, answer: answers } = decide({ size: first, at, of: (slice) => state.of(slice) });
    const own = placeAll(drafts, { first, at, actor: (commands[0] as WriteCommand).actor });
    // All of an outcome or nothing of it: what cannot be encoded must not leave the entries before it behind.
    const encoded = unknown.size > 0 ? [] : placedBy(commands, answers, own);
    governance = own.reduce((before, { entry }) => (governs[entry.type] ? before.evolve(entry) : before), governance);
    entries.push(...encoded);
    next += drafts.length;
    for (const { entry, draft } of encoded) {
      versions.set(entry.stream, entry.version + 1);
      if (draft.begins !== undefined) versions.set(draft.begins(entry.position), 0);
    }
    const positions = range(first, drafts.length);
    if (positions.length > 0) {
      for (const [index, command] of commands.entries()) {
        answered.set(commandKey(command), { digest: command.digest, answer: answers[index], positions });
      }
    }
    return { kind: 'done', answers, positions, repeated: false };
  }

  function placeAll(drafts: readonly Draft[], { first, at, actor }: { first: number; at: number; actor: Actor }) {
    const added = drafts.length > 1 ? new Map<string, number>() : undefined;
    return drafts.map((draft, offset) => {
      const { stream, expectedVersion } = draft;
      const version = added?.get(stream) ?? nextVersion(stream);
      added?.set(stream, version + 1);
      if (expectedVersion !== undefined && expectedVersion !== version && unknown.size === 0)
        throw new VersionConflict();
      const position = (first + offset) as Position;
      return { draft, entry: entryAt(draft, { position, version, at, actor: draft.actor ?? actor }) };
    });
  }

  const settled = group.map((pending): Settled => {
    try {
      return decideOne(pending);
    } catch (error) {
      return { kind: 'failed', error };
    }
  });
  return unknown.size > 0
    ? { kind: 'unknown_streams', streams: [...unknown] }
    : { kind: 'decided', placed: entries, settled, governance, versions };
}

export const range = (first: number, count: number): Position[] =>
  Array.from({ length: count }, (_, offset) => (first + offset) as Position);
