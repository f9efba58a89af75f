import { Problem } from '../../problem.js';
import type { FieldName } from '../../log/fields.js';
import type { CutRecord, Format, Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { parseDocument, parseLines, readText } from './read-recording.js';

/** Keys of a header that are not `other` (asciicast v1, v2, v3). `stdout` holds the frames of v1, cut out. */
const headerKeys = {
  version: 'kind',
  stdout: 'kind',
  width: 'window',
  height: 'window',
  term: 'window',
  timestamp: 'time',
  theme: 'screen',
} as const;

/** Codes of events; what an event of another code holds is `other`. */
const codeFields: Readonly<Record<string, FieldName>> = {
  o: 'screen.text',
  i: 'typed',
  r: 'window',
  m: 'other',
  x: 'other',
};

/** Recordings of terminals by asciinema: v1 is one JSON object, v2 and v3 are lines. */
export const asciicast: Format = {
  name: 'asciicast',

  cut(file, startedAt) {
    const text = readText(file);
    const records = isFirstVersion(text) ? cutObject(parseDocument(text)) : cutLines(text);
    return timed(records, startedAt);
  },

  decompose(data) {
    if (typeof data === 'string' && data.startsWith('#')) return { kind: 'comment', other: data };
    if (isObject(data) && typeof data['version'] === 'number') {
      const { parts, keys } = splitKeys(data, headerKeys);
      return { ...parts, kind: { ...(parts['kind'] as JsonObject), ...(keys === undefined ? {} : { keys }) } };
    }
    if (isFrame(data)) return { kind: 'frame', time: data[0], 'screen.text': data[1] };
    const field = isEvent(data) ? codeFields[data[1]] : undefined;
    if (!isEvent(data) || field === undefined) return { other: { whole: data } };
    return { kind: data[1], time: data[0], [field]: data[2] };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    if (parts.kind === 'comment') return parts.other as Json;
    if (isObject(parts.kind)) return joinKeys(parts, headerKeys, parts.kind['keys'] as string[] | undefined);
    if (parts.kind === 'frame') return [parts.time as Json, parts['screen.text'] as Json];
    const code = parts.kind as string;
    return [parts.time as Json, code, parts[codeFields[code] as FieldName] as Json];
  },

  mask(records) {
    const [first] = records;
    return [maskedHeader(first), ...records.flatMap((record, index) => maskedEvent(record, records, index) ?? [])];
  },

  assemble(records) {
    const [header, ...rest] = records;
    if (isObject(header) && Object.hasOwn(header, 'stdout')) {
      const copy: Record<string, Json> = {};
      for (const key of Object.keys(header)) setOwn(copy, key, key === 'stdout' ? rest : (header[key] as Json));
      return Buffer.from(JSON.stringify(copy));
    }
    const lines = records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record)));
    return Buffer.from(`${lines.join('\n')}\n`);
  },
};

const isEvent = (data: Json): data is [number, string, Json] =>
  Array.isArray(data) &&
  data.length === 3 &&
  typeof data[0] === 'number' &&
  typeof data[1] === 'string' &&
  Object.hasOwn(codeFields, data[1]);
const isFrame = (data: Json): data is [number, string] =>
  Array.isArray(data) && data.length === 2 && typeof data[0] === 'number' && typeof data[1] === 'string';

/** A v1 recording is a document over many lines, or one line that holds its frames. */
function isFirstVersion(text: string): boolean {
  const firstLine = text.slice(0, (text.indexOf('\n') + 1 || text.length + 1) - 1);
  try {
    const header = JSON.parse(firstLine) as Json;
    return isObject(header) && header['version'] === 1;
  } catch {
    return /^\s*\{/.test(text);
  }
}

function cutObject(document: Json): Json[] {
  if (!isObject(document) || !Array.isArray(document['stdout'])) throw new Problem('recording_malformed');
  const header: Record<string, Json> = {};
  for (const key of Object.keys(document)) setOwn(header, key, key === 'stdout' ? null : (document[key] as Json));
  return [header, ...(document['stdout'] as Json[])];
}

function cutLines(text: string): Json[] {
  const lines = parseLines(text, (line) => (line.startsWith('#') ? line : (JSON.parse(line) as Json)));
  const [header] = lines;
  if (!isObject(header) || (header['version'] !== 2 && header['version'] !== 3)) {
    throw new Problem('recording_malformed', { index: 0 });
  }
  return lines;
}

/** v2 tells the time since the start; v1 and v3 tell the time since the event before. */
function timed(records: readonly Json[], startedAt: number): CutRecord[] {
  const header = records[0] as JsonObject;
  const { timestamp } = header;
  const start = typeof timestamp === 'number' && timestamp >= 0 && timestamp < 1e11 ? timestamp * 1000 : startedAt;
  let elapsed = 0;
  return records.map((data) => {
    const told = Array.isArray(data) && typeof data[0] === 'number' && Number.isFinite(data[0]) ? data[0] : undefined;
    if (told !== undefined) elapsed = header['version'] === 2 ? told : elapsed + told;
    return { time: Math.max(0, Math.floor(start + elapsed * 1000)), data };
  });
}

const blankSize = { width: 80, height: 24 };

/** Always v2, the form that every player knows. */
function maskedHeader(first: MaskedRecord | undefined): Json {
  const window = isObject(first?.parts.window) ? first.parts.window : {};
  const term = isObject(window['term']) ? window['term'] : {};
  const size = {
    width: window['width'] ?? term['cols'] ?? blankSize.width,
    height: window['height'] ?? term['rows'] ?? blankSize.height,
  };
  return { version: 2, ...size };
}

function maskedEvent({ parts, time }: MaskedRecord, records: readonly MaskedRecord[], index: number): Json | undefined {
  const at = (time - (records[0]?.time ?? time)) / 1000;
  const told = eventTold(parts);
  // The header is shown by itself.
  return told === undefined || (index === 0 && isObject(parts.window)) ? undefined : ([at, ...told] as Json);
}

/** Code and data of an event, as far as its parts tell them. */
function eventTold(parts: Parts): readonly [string, Json] | undefined {
  if (typeof parts['screen.text'] === 'string') return ['o', parts['screen.text']];
  if (typeof parts.typed === 'string') return ['i', parts.typed];
  return typeof parts.window === 'string' ? ['r', parts.window] : undefined;
}
