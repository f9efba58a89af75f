import { Problem } from '../../problem.js';
import { cutAll, type Cutter } from './cutter.js';
import type { CutRecord, Json } from './format.js';
import { partOf } from './keyed-parts.js';
import { lineCutter } from './line-cutter.js';
import { readText } from './read-recording.js';
import { recordTime } from './record-time.js';
import { text, type Shape } from './shapes.js';

/** RFC 3339 as programs write it. Any other text under the name of a time may be content. */
export const dateText: Shape = (value) =>
  text(value) && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/.test(value as string);

/**
 * Lines of JSON, each a record with its own `timestamp`; one without has the time of the line before it, the first
 * `startedAt`. One that is no record of the format is malformed, with its index.
 */
export function timedLinesCutter(startedAt: number, isRecord: (line: Json) => boolean): Cutter {
  let time = startedAt;
  return lineCutter((line, index) => {
    const data = JSON.parse(line) as Json;
    if (!isRecord(data)) throw new Problem('recording_malformed', { index });
    time = epochMsOf(partOf(data, 'timestamp')) ?? time;
    return { time, data };
  });
}

/** @throws Problem as a cutter does */
export const cutTimedLines = (file: Uint8Array, startedAt: number, isRecord: (line: Json) => boolean): CutRecord[] =>
  cutAll(timedLinesCutter(startedAt, isRecord), readText(file));

export function epochMsOf(date: Json | undefined): number | undefined {
  if (date === undefined || !dateText(date)) return undefined;
  // A zone that is not told is UTC, so that the same file gives the same times everywhere.
  const at = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(date as string) ? (date as string) : `${date as string}Z`);
  return Number.isFinite(at) && at >= 0 ? recordTime(at) : undefined;
}

export const joinLines = (records: readonly Json[]): Uint8Array =>
  Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
