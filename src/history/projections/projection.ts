import type pg from 'pg';
import type { EntryType } from '../../log/entries.js';
import type { Entry } from '../../log/header.js';

/**
 * Tables folded from the log. What an entry changes is pure; writing it is one statement a batch. `version` is raised
 * when the same entries give other rows: a build of another version is made anew.
 */
export interface Projection<C> {
  readonly name: string;
  readonly version: number;
  /** What it is folded from; entries of no other type are shown to it, but perhaps some that govern. */
  readonly types: ReadonlySet<EntryType>;
  changes(entry: Entry): readonly C[];
  write(client: pg.ClientBase, build: number, changes: readonly C[]): Promise<void>;
  /** All rows of build $1, without what says so. */
  readonly rows: string;
  remove(client: pg.ClientBase, build: number): Promise<void>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- projections of any changes stand in one list
export type AnyProjection = Projection<any>;
