import type pg from 'pg';
import type { FieldName } from './fields.js';
import type { Position } from './ids.js';

/** One sealed column in its place: the column of `field` of the entry at `position`. */
export interface StoredColumn {
  readonly position: Position;
  readonly field: FieldName;
  readonly sealed: Uint8Array;
}

/**
 * Where sealed columns are kept. They are the bulk of a log and no part of its proof: each one's size and SHA-256
 * stand in its entry's header, so they may lie in PostgreSQL, in an object store or in a distributed database, and
 * a column may be gone, while every proof and every decision stays as it is.
 */
export interface BodyStore {
  /**
   * Keeps the columns of entries that this transaction inserts: whoever sees the entries must find them. A store
   * outside of PostgreSQL has them durable before this resolves, and may be left with columns of entries that were
   * never committed.
   */
  put(transaction: pg.ClientBase, columns: readonly StoredColumn[]): Promise<void>;

  /** Undefined if it is not there. What comes back was not compared with the header: whoever opens it does that. */
  column(position: Position, field: FieldName): Promise<Uint8Array | undefined>;

  /**
   * Every column of the entries `from` to `to - 1`, by position and field, in pages of bounded size: of `most` columns
   * for whoever knows how large they are.
   */
  scan(from: number, to: number, most?: number): AsyncIterable<readonly StoredColumn[]>;

  /** Whether any of the entries `from` to `to - 1` has a column of this field there. */
  holds(field: FieldName, from: number, to: number): Promise<boolean>;

  /**
   * Deletes columns that an entry of the log has given up, one bounded step at a time: to be called again until it is
   * done. The caller has verified that entry. Deleting what is gone is no error, so it may be stopped anywhere.
   */
  deleteExpired(expired: ExpiredColumns): Promise<{ readonly deleted: number; readonly done: boolean }>;
}

/** All columns of a field in entries with a time below `before`; `position` is that of the entry that says so. */
export interface ExpiredColumns {
  readonly field: FieldName;
  readonly before: number;
  readonly position: Position;
}
