import type { FieldName } from '../../log/fields.js';
import type { Json } from '../../sealing/json-data.js';
import type { Cutter } from './cutter.js';
import type { Head } from './head.js';

export type { Json };
export type JsonObject = { readonly [key: string]: Json };

/** One record split into disjoint fields. Whatever a format does not name goes to `other`, the strictest class. */
export type Parts = { readonly [F in FieldName]?: Json };

export interface CutRecord {
  /** Epoch milliseconds, an integer. */
  readonly time: number;
  readonly data: Json;
}

/** One record as far as its parts were granted. */
export interface MaskedRecord {
  readonly sequence: number;
  /** Epoch milliseconds, or a made-up one that keeps the order where times were not granted. */
  readonly time: number;
  readonly parts: Parts;
}

/** What may still be unpacked of one post: a few kilobytes of it can unpack to gigabytes. */
export interface UnpackBudget {
  bytes: number;
}

export interface Typing {
  /** Names the input, within its session, whose whole text this record repeats. */
  readonly input?: string;
  /** Inputs that this record shows to be for passwords and the like. */
  readonly secretInputs?: readonly string[];
}

/** One capture format: how to cut a file into records, take each apart without loss, and put it together again. */
export interface Format {
  readonly name: string;
  /** Whether a recording is of this format, told by its beginning. At most one format says so of any recording. */
  recognise(head: Head): boolean;
  /**
   * Cuts a whole file into records, in order. `startedAt` (epoch ms) stands in where the recording has no absolute time.
   * @throws Problem recording_malformed, recording_truncated, recording_empty
   */
  cut(file: Uint8Array, startedAt: number): CutRecord[];
  /** Cuts the same piece by piece. Left out where records make sense together only: those are cut as a whole. */
  cutter?(startedAt: number): Cutter;
  /** The same of recordings that are no text; one that has this has no `cutter`. */
  byteCutter?(startedAt: number): Cutter<Uint8Array>;
  /**
   * Takes one record apart. Total: what it does not understand goes whole to `other`, and so does what was packed
   * inside of it and is more than `budget`, from which it takes.
   */
  decompose(data: Json, budget?: UnpackBudget): Parts;
  /** Where records tell how a text grows key by key: which input this one is of. Left out where none does. */
  typing?(parts: Parts): Typing | undefined;
  /** The exact inverse, given every part that `decompose` gave. */
  reassemble(parts: Parts): Json;
  /** Records that the format's player plays, holding what these parts tell and nothing else. */
  mask(records: readonly MaskedRecord[]): Json[];
  /** The file again, from all its records or from masked ones. */
  assemble(records: readonly Json[]): Uint8Array;
  /**
   * What one record gives to the file, masked, where the file is nothing but these in order: it may be larger than
   * memory then. Left out where records make a file together only.
   */
  piece?(record: MaskedRecord): Uint8Array;
}
