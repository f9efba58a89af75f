import { Problem } from '../../problem.js';
import { cutAll, type Cutter } from './cutter.js';
import type { CutRecord, Format, Json, JsonObject, Parts } from './format.js';
import { isObject } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { recordTime } from './record-time.js';
import type { KnownKeys, Shape } from './shapes.js';

/** Of the file in one record: half a megabyte of base64, without padding but in the last, and seven in a post. */
export const chunkBytes = 384 * 1024;

/** The one text that some bytes have: only from such a text do the same bytes come back, and the same text. */
const base64: Shape = (value) => typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value;
const knownKeys: KnownKeys = { bytes: ['screen.video', base64] };

/**
 * Videos of the screen as recorders write them, WebM or Matroska and MP4: the file in pieces, as it is. Nothing in it is
 * understood, so a video that its recorder did not end is kept as far as it goes, and all of it begins at one time.
 */
export const video: Format = {
  name: 'video',

  recognise: ({ bytes }) => isMatroska(bytes) || isMp4(bytes),

  cut: (file, startedAt) => cutAll(chunkCutter(startedAt), file),
  byteCutter: chunkCutter,

  decompose(data) {
    const { parts } = isObject(data) ? splitKeys(data, knownKeys) : { parts: {} };
    return Object.keys(parts).length === 0 ? { other: { whole: data } } : parts;
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    return whole === undefined ? joinKeys(parts, knownKeys, Object.keys(knownKeys)) : whole;
  },

  mask: (records) => records.map(({ parts }) => chunkIn(parts)).filter((chunk) => chunk !== undefined),

  assemble: (records) => Buffer.concat(records.map(bytesIn)),

  piece: ({ parts }) => bytesIn(chunkIn(parts) ?? {}),
};

/** EBML (RFC 8794, section 11.2.1). */
const isMatroska = (bytes: Uint8Array): boolean => begins(bytes, 0, [0x1a, 0x45, 0xdf, 0xa3]);

/** A first box `ftyp` (ISO/IEC 14496-12, section 4.3) of less than 64 KiB: a text does not begin with two zeros. */
const isMp4 = (bytes: Uint8Array): boolean => begins(bytes, 0, [0, 0]) && begins(bytes, 4, [0x66, 0x74, 0x79, 0x70]);

const begins = (bytes: Uint8Array, at: number, mark: readonly number[]): boolean =>
  mark.every((byte, index) => bytes[at + index] === byte);

function chunkCutter(startedAt: number): Cutter<Uint8Array> {
  const chunk = Buffer.alloc(chunkBytes);
  const time = recordTime(startedAt);
  let filled = 0;
  let isFirst = true;

  const taken = (): CutRecord => {
    const bytes = chunk.subarray(0, filled);
    if (isFirst && !isMatroska(bytes) && !isMp4(bytes)) throw new Problem('recording_malformed');
    isFirst = false;
    filled = 0;
    return { time, data: { bytes: bytes.toString('base64') } };
  };
  return {
    push(piece) {
      const records: CutRecord[] = [];
      for (let at = 0; at < piece.length;) {
        const part = piece.subarray(at, at + chunkBytes - filled);
        chunk.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === chunkBytes) records.push(taken());
      }
      return records;
    },
    end() {
      if (isFirst && filled === 0) throw new Problem('recording_empty');
      return { first: [], last: filled === 0 ? [] : [taken()] };
    },
  };
}

function chunkIn(parts: Parts): JsonObject | undefined {
  const bytes = partOf(parts['screen.video'], 'bytes');
  return bytes === undefined ? undefined : { bytes };
}

function bytesIn(record: Json): Uint8Array {
  const bytes = partOf(record, 'bytes');
  return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : new Uint8Array();
}
