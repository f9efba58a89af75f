import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { recordings } from '../../src/capture/formats/all-recordings.spec.js';
import type { Cutter } from '../../src/capture/formats/cutter.js';
import type { CutRecord, Format, Json, Parts } from '../../src/capture/formats/format.js';
import { formatOf, type FormatName } from '../../src/capture/formats/formats.js';
import { fieldNames } from '../../src/log/fields.js';
import { Problem } from '../../src/problem.js';
import { checkJsonData } from '../../src/sealing/json-data.js';
import { byteEdits, editBytes, editTree, treeEdits } from './mutate.js';
import { mostTime } from '../../src/capture/formats/record-time.js';

export interface Fuzzed {
  readonly format: FormatName;
  readonly by: 'bytes' | 'structure';
  readonly seed: number;
  readonly runs: number;
  /** Recordings that were cut, or records that were taken apart into named fields. */
  readonly accepted: number;
  readonly rejected: number;
  /** The smallest input that was found, shortened, and what is wrong with it. */
  readonly failure?: { readonly rule: string; readonly input: string };
}

/** Those of others are large. */
const smallTrajectory = new Uint8Array(
  Buffer.from(
    JSON.stringify({
      environment: 'swe_main',
      trajectory: [
        { action: 'ls\n', observation: 'a.py', response: 'Let us look.', thought: 'First look.', state: '{}' },
      ],
      history: [
        { role: 'system', content: 'You are careful.', agent: 'main' },
        { role: 'user', content: 'Mend it.' },
      ],
      info: { exit_status: 'submitted', submission: 'diff --git' },
    }),
  ),
);
const startedAt = Date.UTC(2026, 0, 1);
/** A change to a large recording takes long to try, and tells no more than one to a small one. */
const mostSampleBytes = 100_000;
const mostRecords = 200;
/** Fewer than a record has, so that the ends of pieces fall everywhere. */
const pieceCharacters = 97;
const rejections: ReadonlySet<string> = new Set(['recording_malformed', 'recording_truncated', 'recording_empty']);

/** Changes recordings byte by byte, and records place by place, and holds the reader to its promises. */
export function fuzzFormat(format: FormatName, { runs, seed }: { runs: number; seed: number }): readonly Fuzzed[] {
  const samples = [...recordings, { format: 'swe-agent', bytes: () => smallTrajectory }]
    .filter((one) => one.format === format)
    .map(({ bytes }) => bytes())
    .filter(({ length }) => length <= mostSampleBytes);
  const reader = formatOf(format);
  const records = samples
    .flatMap((bytes) => reader.cut(bytes, startedAt).slice(0, mostRecords))
    .map(({ data }) => data);
  const count = { accepted: 0, rejected: 0 };
  const told = (outcome: 'accepted' | 'rejected') => void (count[outcome] += 1);

  const bytes = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: fc.json().map((text) => new Uint8Array(Buffer.from(text))) },
    { weight: 8, arbitrary: fc.tuple(fc.constantFrom(...samples), byteEdits).map(([sample, edits]) => editBytes(sample, edits)) }, // prettier-ignore
  );
  const structure = fc.oneof(
    { weight: 1, arbitrary: fc.jsonValue().map((value) => ({ value: value as Json, tokens: [] as string[] })) },
    { weight: 9, arbitrary: fc.tuple(fc.constantFrom(...records), treeEdits).map(([record, edits]) => editTree(record, edits)) }, // prettier-ignore
  );
  const parameters = { numRuns: runs, seed };
  const byBytes = fc.check(
    fc.property(bytes, (input) => told(readBytes(reader, input))),
    parameters,
  );
  const first = {
    format,
    by: 'bytes' as const,
    seed,
    runs: byBytes.numRuns,
    ...count,
    ...failureOf(byBytes, shortBytes),
  };
  Object.assign(count, { accepted: 0, rejected: 0 });
  const byStructure = fc.check(
    fc.property(structure, (input) => told(readRecord(reader, input))),
    parameters,
  );
  const second = { format, by: 'structure' as const, seed, runs: byStructure.numRuns, ...count, ...failureOf(byStructure, shortJson) }; // prettier-ignore
  return [first, second];
}

/** What is cut out of bytes is lossless, whole and in pieces alike; what is not is refused in constant words. */
function readBytes(format: Format, bytes: Uint8Array): 'accepted' | 'rejected' {
  const whole = outcomeOf(() => format.cut(bytes, startedAt));
  // As `custos ingest` reads them: a byte order mark is no text.
  const text = new TextDecoder().decode(bytes);
  const cutter = format.cutter?.(startedAt);
  if (cutter !== undefined && isUtf8(bytes)) {
    const pieces = outcomeOf(() => inPieces(cutter, text));
    if (!isSame(whole, pieces)) throw new Broken(`cut whole: ${told(whole)}; in pieces: ${told(pieces)}`);
  }
  const byteCutter = format.byteCutter?.(startedAt);
  if (byteCutter !== undefined) {
    const pieces = outcomeOf(() => inPieces(byteCutter, bytes));
    if (!isSame(whole, pieces)) throw new Broken(`cut whole: ${told(whole)}; in pieces: ${told(pieces)}`);
  }
  if (typeof whole === 'string') return 'rejected';
  for (const { time, data } of whole) {
    if (!Number.isSafeInteger(time) || time < 0 || time > mostTime) throw new Broken('a time that no record may have');
    if (isStorable(data)) lossless(format, data);
  }
  return 'accepted';
}

function inPieces<Piece extends string | Uint8Array>(cutter: Cutter<Piece>, whole: Piece): CutRecord[] {
  const records: CutRecord[] = [];
  for (let at = 0; at < whole.length; at += pieceCharacters) records.push(...cutter.push(whole.slice(at, at + pieceCharacters) as Piece)); // prettier-ignore
  const { first, last } = cutter.end();
  return [...first, ...records, ...last];
}

/** Of a document that is broken as a whole, pieces may know the place. */
const isSame = (whole: readonly CutRecord[] | string, pieces: readonly CutRecord[] | string): boolean =>
  typeof whole === 'string' && typeof pieces === 'string'
    ? whole.split(' ')[0] === pieces.split(' ')[0]
    : isDeepStrictEqual(whole, pieces);

const told = (outcome: readonly CutRecord[] | string) =>
  typeof outcome === 'string' ? outcome : `${outcome.length} records`;

/** The records, or the code and the place by which they were refused. */
function outcomeOf(cut: () => readonly CutRecord[]): readonly CutRecord[] | string {
  try {
    return cut();
  } catch (error) {
    if (!(error instanceof Problem) || !rejections.has(error.code)) throw error;
    const isConstant = Object.entries(error.members).every(([name, value]) => name === 'index' && Number.isSafeInteger(value)); // prettier-ignore
    if (!isConstant || error.message !== new Problem(error.code).message)
      throw new Broken('a refusal that is no constant');
    return `${error.code} ${error.members.index ?? ''}`;
  }
}

/** A record is taken apart without loss into fields that share nothing, and a mask shows what was granted only. */
function readRecord(
  format: Format,
  { value, tokens }: { value: Json; tokens: readonly string[] },
): 'accepted' | 'rejected' {
  const parts = lossless(format, value);
  const fields = Object.keys(parts) as (keyof Parts)[];
  const texts = new Map(fields.map((field) => [field, JSON.stringify(parts[field])]));
  for (const one of tokens) {
    const holding = fields.filter((field) => texts.get(field)?.includes(one));
    if (holding.length !== 1) throw new Broken(`a text stands in ${holding.length} fields: ${holding.join(', ')}`);
    for (const granted of fields) {
      const masked = JSON.stringify(
        format.mask([{ sequence: 0, time: startedAt, parts: { [granted]: parts[granted] } }]),
      );
      if (granted !== holding[0] && masked.includes(one)) throw new Broken(`a mask to ${granted} shows ${holding[0]}`);
    }
  }
  return fields.every((field) => field === 'other' || field === 'time') ? 'rejected' : 'accepted';
}

function lossless(format: Format, data: Json): Parts {
  const parts = format.decompose(data);
  if (!Object.keys(parts).every((field) => (fieldNames as string[]).includes(field)))
    throw new Broken('a field of no name');
  if (JSON.stringify(format.reassemble(parts)) !== JSON.stringify(data))
    throw new Broken('put together it is another record');
  return parts;
}

function isStorable(data: Json): boolean {
  try {
    checkJsonData([data]);
    return true;
  } catch {
    return false;
  }
}

/** A promise that was not kept. */
class Broken extends Error {}

function failureOf<T>({ failed, counterexample, errorInstance }: fc.RunDetails<[T]>, short: (input: T) => string) {
  if (!failed) return {};
  const rule = errorInstance instanceof Error ? `${errorInstance.name}: ${errorInstance.message}` : 'failed';
  return { failure: { rule, input: counterexample === null ? '' : short(counterexample[0]) } };
}
const shortBytes = (bytes: Uint8Array) => JSON.stringify(Buffer.from(bytes).toString('latin1')).slice(0, 2000);
const shortJson = ({ value }: { value: Json }) => JSON.stringify(value).slice(0, 2000);
