import { Problem } from '../../problem.js';
import type { FieldName } from '../../log/fields.js';
import { cutAll, wholeCutter, type Cutter } from './cutter.js';
import type { CutRecord, Format, Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isObject, withKey } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { lineCutter } from './line-cutter.js';
import { parseDocument, readText } from './read-recording.js';
import { finite, nothing, type KnownKeys, type Shape } from './shapes.js';
import { recordTime } from './record-time.js';

const isVersion: Shape = (value) => value === 1 || value === 2 || value === 3;
const isTheme: Shape = (value) => isObject(value);

/** Keys of a header that are not `other` (asciicast v1, v2, v3). `stdout` held the frames of v1, cut out. */
const headerKeys: KnownKeys = {
  version: ['kind', isVersion],
  stdout: ['kind', nothing],
  term: ['kind', nothing],
  width: ['window', finite],
  height: ['window', finite],
  timestamp: ['time', finite],
  theme: ['screen', isTheme],
};
/** Keys of `term` in a header of v3. */
const termKeys: KnownKeys = { cols: ['window', finite], rows: ['window', finite], theme: ['screen', isTheme] };

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

  recognise: ({ document, lines: [first] }) =>
    isHeader(first, 2, 'width') || isHeader(first, 3, 'term') || isHeader(document, 1, 'stdout'),

  cut: (file, startedAt) => cutText(readText(file), startedAt),

  cutter(startedAt) {
    let inside: Cutter | undefined;
    let text = '';
    return {
      push(more) {
        if (inside !== undefined) return inside.push(more);
        text += more;
        if (!more.includes('\n')) return [];
        inside = isFirstVersion(text) ? wholeCutter((whole) => cutText(whole, startedAt)) : linesCutter(startedAt);
        return inside.push(text);
      },
      end: () => inside?.end() ?? { first: [], last: cutText(text, startedAt) },
    };
  },

  decompose(data) {
    if (isComment(data)) return { kind: 'comment', other: data };
    if (isObject(data) && isVersion(data['version'] ?? null)) return headerParts(data);
    if (isFrame(data)) return { kind: 'frame', time: data[0], 'screen.text': data[1] };
    const field = isEvent(data) ? codeFields[data[1]] : undefined;
    if (!isEvent(data) || field === undefined) return { other: { whole: data } };
    return { kind: data[1], time: data[0], [field]: data[2] };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    if (parts.kind === 'comment') return parts.other as Json;
    if (isObject(parts.kind)) return headerOf(parts, parts.kind);
    if (parts.kind === 'frame') return [parts.time as Json, parts['screen.text'] as Json];
    const code = parts.kind as string;
    return [parts.time as Json, code, parts[codeFields[code] as FieldName] as Json];
  },

  mask(records) {
    const events = records.map((record, index) => maskedEvent(record, records[0], index));
    // Not flatMap: an event is a list itself.
    return [maskedHeader(records[0]), ...events.filter((event) => event !== undefined)];
  },

  assemble(records) {
    const [header, ...rest] = records;
    if (isObject(header) && header['version'] === 1)
      return Buffer.from(JSON.stringify(withKey(header, 'stdout', rest)));
    const lines = records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record)));
    return Buffer.from(`${lines.join('\n')}\n`);
  },
};

/** What `term` holds stands in each part under `term`, beside the keys of the header itself. */
function headerParts(header: JsonObject): Parts {
  const { term } = header;
  const outer = splitKeys(isObject(term) ? withKey(header, 'term', null) : header, headerKeys);
  const kind = { ...(outer.parts['kind'] as JsonObject), ...(outer.keys === undefined ? {} : { keys: outer.keys }) };
  if (!isObject(term)) return { ...outer.parts, kind };
  const inner = splitKeys(term, termKeys);
  const parts: Record<string, Json> = { ...outer.parts };
  for (const [field, part] of Object.entries(inner.parts)) {
    parts[field] = { ...((parts[field] ?? {}) as JsonObject), term: part };
  }
  return { ...parts, kind: { ...kind, term: inner.keys ?? [] } };
}

function headerOf(parts: Parts, kind: JsonObject): JsonObject {
  const header = joinKeys(parts, headerKeys, kind['keys'] as string[] | undefined);
  const { term } = kind;
  if (!Array.isArray(term)) return header;
  const inner = Object.fromEntries(
    (['window', 'screen', 'other'] as const).map((field) => [field, partOf(parts[field], 'term') ?? {}]),
  );
  return withKey(header, 'term', joinKeys(inner, termKeys, term as string[]));
}

const isTimed = (data: Json, length: number): data is [number, ...Json[]] =>
  Array.isArray(data) && data.length === length && finite(data[0] as Json);
const isEvent = (data: Json): data is [number, string, string] =>
  isTimed(data, 3) && typeof data[1] === 'string' && Object.hasOwn(codeFields, data[1]) && typeof data[2] === 'string';
const isFrame = (data: Json): data is [number, string] => isTimed(data, 2) && typeof data[1] === 'string';
const isComment = (line: Json): line is string => typeof line === 'string' && line.startsWith('#');

const isHeader = (value: Json | undefined, version: number, key = 'version'): boolean =>
  isObject(value) && value['version'] === version && Object.hasOwn(value, key);

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
  if (!isObject(document) || document['version'] !== 1 || !Array.isArray(document['stdout'])) {
    throw new Problem('recording_malformed');
  }
  return wellFormed([withKey(document, 'stdout', null), ...(document['stdout'] as Json[])]);
}

const cutText = (text: string, startedAt: number): CutRecord[] => {
  if (!isFirstVersion(text)) return cutAll(linesCutter(startedAt), text);
  const records = cutObject(parseDocument(text));
  const clock = clockFrom(startedAt);
  return records.map((data) => ({ time: clock(data), data }));
};

function linesCutter(startedAt: number): Cutter {
  const clock = clockFrom(startedAt);
  return lineCutter((line, index) => {
    const data = isComment(line) ? line : (JSON.parse(line) as Json);
    if (index === 0 ? !isHeader(data, 2) && !isHeader(data, 3) : !isTimedOrComment(data)) {
      throw new Problem('recording_malformed', { index });
    }
    return { time: clock(data), data };
  });
}

/** What follows the header is a list that begins with a time, or a comment. */
const isTimedOrComment = (one: Json): boolean => isComment(one) || (Array.isArray(one) && finite(one[0] as Json));

function wellFormed(records: Json[]): Json[] {
  const wrong = records.findIndex((one, index) => index > 0 && !isTimedOrComment(one));
  if (wrong > 0) throw new Problem('recording_malformed', { index: wrong });
  return records;
}

/** v2 tells the time since the start, which the header may tell; v1 and v3 tell the time since the event before. */
function clockFrom(startedAt: number): (record: Json) => number {
  let start = startedAt;
  let elapsed = 0;
  let isSinceStart = false;
  return (record) => {
    if (isObject(record)) {
      const { timestamp, version } = record;
      isSinceStart = version === 2;
      if (typeof timestamp === 'number' && timestamp >= 0 && timestamp < 1e11) start = timestamp * 1000;
    }
    if (Array.isArray(record) && finite(record[0] as Json)) {
      elapsed = (isSinceStart ? 0 : elapsed) + (record[0] as number);
    }
    return recordTime(start + elapsed * 1000);
  };
}

const blankSize = { cols: 80, rows: 24 };
/** asciinema reads sizes as 16 bits. */
const isSize = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65536;

/** Always v2, the form that every player knows. */
function maskedHeader(first: MaskedRecord | undefined): Json {
  const { window, screen } = first?.parts ?? {};
  const width = [partOf(window, 'width'), partOf(partOf(window, 'term'), 'cols')].find(isSize) ?? blankSize.cols;
  const height = [partOf(window, 'height'), partOf(partOf(window, 'term'), 'rows')].find(isSize) ?? blankSize.rows;
  const theme = maskedTheme(partOf(screen, 'theme') ?? partOf(partOf(screen, 'term'), 'theme'));
  return { version: 2, width, height, ...(theme === undefined ? {} : { theme }) };
}

/** A theme as asciinema takes one; with a color that it cannot read, it would refuse the whole recording. */
function maskedTheme(theme: Json | undefined): Json | undefined {
  const [fg, bg, palette] = ['fg', 'bg', 'palette'].map((key) => partOf(theme, key));
  const isColor = (value: Json | undefined) => typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value);
  const isPalette =
    typeof palette === 'string' && /^#[0-9a-f]{6}(?:(?::#[0-9a-f]{6}){7}|(?::#[0-9a-f]{6}){15})$/i.test(palette);
  return isColor(fg) && isColor(bg) && isPalette ? { fg: fg as Json, bg: bg as Json, palette } : undefined;
}

/** Times count from the first record. The first may be the header, which is shown by itself. */
function maskedEvent({ parts, time }: MaskedRecord, first: MaskedRecord | undefined, index: number): Json | undefined {
  const told = eventTold(parts);
  if (told === undefined || (index === 0 && isObject(parts.window))) return undefined;
  return [Math.max(0, time - (first?.time ?? time)) / 1000, ...told];
}

/** Code and data of an event, as far as its parts tell them. */
function eventTold(parts: Parts): readonly [string, Json] | undefined {
  if (typeof parts['screen.text'] === 'string') return ['o', parts['screen.text']];
  if (typeof parts.typed === 'string') return ['i', parts.typed];
  const { window } = parts;
  return typeof window === 'string' && /^[1-9]\d{0,3}x[1-9]\d{0,3}$/.test(window) ? ['r', window] : undefined;
}
