import type { Actor, EntryData, EntryType } from './entries.js';
import type { FieldName } from './fields.js';
import type { CommandId, Position, SubjectId } from './ids.js';
import type { SliceKey } from './governance.js';

export interface SealedColumn {
  readonly field: FieldName;
  readonly sealed: Uint8Array;
}

/** An entry before it has its place in the log. */
interface DraftOf<T extends EntryType> {
  readonly type: T;
  readonly stream: string;
  readonly data: EntryData[T];
  readonly subject?: SubjectId;
  /** Whose doing it is, where one command writes what several sent; the command's own actor otherwise. */
  readonly actor?: Actor;
  /** 16 bytes, where columns were sealed to it already; random otherwise. */
  readonly id?: Uint8Array;
  readonly columns?: readonly SealedColumn[];
  /** The version this entry must get, if its writer depends on what the stream holds. */
  readonly expectedVersion?: number;
  /**
   * A stream named after this entry's position, so that nothing stands in it before: it is not looked for when it is first
   * written to. The database refuses what is not so, and it is looked for then.
   */
  readonly begins?: (position: Position) => string;
}
export type Draft<T extends EntryType = EntryType> = { [K in T]: DraftOf<K> }[T];

/** Where a decision is made: the writer holds the head, and the state is folded up to exactly here. */
export interface Head {
  /** Entries in the log, and so the position of the next one. */
  readonly size: number;
  /** Time of the next entry, epoch milliseconds. */
  readonly at: number;
  of<S>(key: SliceKey<S>): S;
}

/** What a decision comes to: entries to append (perhaps none) and the answer to whoever asked. */
export interface Outcome<A> {
  readonly entries: readonly Draft[];
  readonly answer: A;
}

/** One intended write. `digest` tells a repetition from another write under the same id. */
export interface WriteCommand {
  readonly id: CommandId;
  readonly actor: Actor;
  readonly digest: Uint8Array;
  /** Of sealed columns that wait with it: what may wait is bounded by bytes too. */
  readonly sealedBytes: number;
}

export interface Committed<A> {
  readonly answer: A;
  /** Positions of the entries written, in order; empty if the decision wrote nothing. */
  readonly positions: readonly Position[];
  /** True if an earlier sending of the same command was answered again. */
  readonly repeated: boolean;
  /**
   * The receipt of each position, in order (`receipt.ts`): made when asked for, out of memory where this process has
   * just written the entry. The same bytes as of `LogTree.receipt`.
   */
  receipts(): Promise<readonly string[]>;
}
