import type { EntryOf } from '../log/header.js';
import type { FieldName } from '../log/fields.js';
import type { Position, SessionId, SubjectId } from '../log/ids.js';
import type { Governance } from '../log/governance.js';
import type { ProblemCode } from '../problem.js';
import type { ColumnValue } from '../sealing/column.js';

export interface RegisteredKey {
  readonly keyId: string;
  readonly publicKey: Uint8Array;
  /** The keyholder's signature over subject, key id and public key. */
  readonly attestation: Uint8Array;
}

/** How many columns are gone, and whether that is all that the log has given up so far. */
export interface Deleted {
  readonly columns: number;
  readonly done: boolean;
}

/** The granted columns of one batch. Records outside the grant's range of time have been taken out. */
export interface OpenedBatch {
  readonly sequences: readonly number[];
  readonly times: readonly number[];
  readonly columns: Readonly<Partial<Record<FieldName, readonly ColumnValue[]>>>;
  /** Granted columns that this batch had and that are past their retention. */
  readonly expired: readonly ExpiredColumn[];
}

export interface ExpiredColumn {
  readonly field: FieldName;
  /** Of the entry that gave it up. */
  readonly position: Position;
  /** Of the whole batch: how many of them had this field was in the column. */
  readonly records: number;
}

/**
 * The one part that can open. In development it is an object of the service's process, in production a process
 * of its own (`custos keyholder`); everything else holds public keys only.
 */
export interface KeyholderPort {
  /** Makes a subject's key, or tells the one there is. @throws Problem subject_erased, never twice a key. */
  register(subject: SubjectId): Promise<RegisteredKey>;
  /** Destroys the key that a tombstone in the log names, and certifies it. */
  destroy(tombstone: Position): Promise<{ keyId: string; certificate: Uint8Array }>;
  /**
   * Opens one committed disclosure, once. Decides again from the log itself. A subject's own copy needs their token as well:
   * no signature in the log stands behind it, so an entry alone would let whoever can write one read everybody.
   * @throws Problem keyholder_refused, subject_erased, key_unknown, tampered; the last three also midway.
   */
  open(disclosure: Position, token?: string): AsyncIterable<OpenedBatch>;
  /**
   * Judges readings that a containment tries, committed as `containment.probed`, by all that stands before an opening, and
   * opens none. In the same order; each is judged once.
   */
  probe(probes: readonly Position[]): Promise<readonly ProbeVerdict[]>;
  /** How far the keyholder has read and verified the log, and whether it has the keys that this log says, and no others. */
  status(): Promise<KeyholderStatus>;
  /**
   * Deletes the sealed columns that the log has given up. Nobody says which: the keyholder folds that by itself. To
   * be called again until it is done.
   */
  deleteExpired(): Promise<Deleted>;
}

export interface KeyholderStatus {
  readonly size: number;
  readonly erasedKeysLeft: number;
  /** Of subjects that the log knows. What is sealed to such a key, today too, nobody will open. */
  readonly lostKeys: number;
}

/** So that a call stays small (keyholder-server.ts). */
export const mostProbesAtOnce = 200;

/** `opens`: a reader would have had plaintext. Otherwise what they would have been told. */
export type ProbeVerdict = { readonly opens: true } | { readonly opens: false; readonly code: ProblemCode };

/** What a disclosure entry may release, if it may: access/ says so by replaying, keys/ only obeys. */
export type Judgement =
  | ({
      readonly allowed: true;
      readonly subject: SubjectId;
      readonly session: SessionId;
      readonly from: number;
      readonly to: number;
    } & Rests)
  | { readonly allowed: false };

/** Whose word this takes, and how long it counts: that of approvers is in the log, that of a subject is their token. */
type Rests =
  | { readonly rests: 'on signatures'; /** Epoch milliseconds. */ readonly expiresAt: number }
  | { readonly rests: 'on the subject' };

export interface Judge {
  /** On the state just below the entry. */
  readonly judge: (before: Governance, entry: EntryOf<'disclosure.made'>) => Judgement;
  /** On the state as it is now: a lock stops what streams, too. */
  readonly mustStop: (now: Governance, entry: EntryOf<'disclosure.made'>) => boolean;
}
