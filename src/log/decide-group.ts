import { Problem } from '../problem.js';
import type { Draft, Head, Outcome, WriteCommand } from './draft.js';
import { governs } from './entries.js';
import type { Governance } from './governance.js';
import type { Position } from './ids.js';
import { entryAt, placedBy, type PlacedEntry } from './place-entry.js';

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

  function decideOne({ command, decide }: Pending): Settled {
    const key = commandKey(command);
    const before = answered.get(key);
    if (before !== undefined) {
      if (!Buffer.from(before.digest).equals(command.digest)) throw new Problem('command_reused');
      return { kind: 'done', answer: before.answer, positions: before.positions, repeated: true };
    }
    const state = governance;
    const first = next;
    const { entries: drafts, answer } = decide({ size: first, at, of: (slice) => state.of(slice) });
    const own = placeAll(drafts, { first, at, command });
    // All of an outcome or nothing of it: what cannot be encoded must not leave the entries before it behind.
    const encoded = unknown.size > 0 ? [] : placedBy(command, answer, own);
    governance = own.reduce((before, { entry }) => (governs[entry.type] ? before.evolve(entry) : before), governance);
    entries.push(...encoded);
    next += drafts.length;
    for (const { entry, draft } of encoded) {
      versions.set(entry.stream, entry.version + 1);
      if (draft.begins !== undefined) versions.set(draft.begins(entry.position), 0);
    }
    const positions = range(first, drafts.length);
    if (positions.length > 0) answered.set(key, { digest: command.digest, answer, positions });
    return { kind: 'done', answer, positions, repeated: false };
  }

  function placeAll(
    drafts: readonly Draft[],
    { first, at, command }: { first: number; at: number; command: WriteCommand },
  ) {
    const added = drafts.length > 1 ? new Map<string, number>() : undefined;
    return drafts.map((draft, offset) => {
      const { stream, expectedVersion } = draft;
      const version = added?.get(stream) ?? nextVersion(stream);
      added?.set(stream, version + 1);
      if (expectedVersion !== undefined && expectedVersion !== version && unknown.size === 0)
        throw new VersionConflict();
      const position = (first + offset) as Position;
      return { draft, entry: entryAt(draft, { position, version, at, actor: draft.actor ?? command.actor }) };
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
