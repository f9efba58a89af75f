import type { FieldName } from '../../log/fields.js';
import type { Format, Json, JsonObject, Parts } from './format.js';
import { fill, isObject, setOwn, split, type Carrier } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { sameList } from './nested-parts.js';
import { readText } from './read-recording.js';
import { listCutter } from './list-cutter.js';
import { pathTo, readList, timed, writeList } from './record-list.js';
import { classifyDom } from './rrweb-dom.js';
import { eventKeys, eventType, isEventType, metaKeys, source, sources } from './rrweb-fields.js';
import { maskedEvent } from './rrweb-mask.js';
import { packEvent, unpackEvent, type Packing } from './rrweb-packed.js';
import { typingOf } from './rrweb-typing.js';
import { playable } from './rrweb-playable.js';
import { mostTime } from './record-time.js';

/** A snapshot of the largest page that rrweb's players show; what is more stays packed, in `other`. */
const mostUnpackedBytes = 32 * 1024 * 1024;
const eventOrder = ['type', 'data', 'timestamp'];
const metaOrder = ['href', 'width', 'height'];

/** Recordings of pages by rrweb: a JSON array of events, bare or in a wrapper such as `{ "result": [...] }`. */
export const rrweb: Format = {
  name: 'rrweb',

  recognise: ({ document, lines: [first] }) =>
    isRrweb(first) || (document !== undefined && pathTo(([event]) => isRrweb(event), document) !== undefined),

  cut: (file, startedAt) => timed(readList(readText(file), list), clockFrom(startedAt)),
  cutter: (startedAt) => listCutter(list, clockFrom(startedAt)),

  decompose(data, budget = { bytes: mostUnpackedBytes }) {
    const unpacked = unpackEvent(data, budget);
    if (unpacked === undefined) return decomposeEvent(data);
    const { other, ...parts } = decomposeEvent(unpacked.event);
    // Not understood, it stays as it was sent.
    if (partOf(other, 'whole') !== undefined) return { other: { whole: data } };
    return { ...parts, other: { ...(other as JsonObject | undefined), packed: unpacked.packing } };
  },

  typing: typingOf,

  reassemble(parts) {
    const packing = partOf(parts.other, 'packed') as Packing | undefined;
    const event = reassembleEvent(parts);
    return packing === undefined ? event : packEvent({ event: event as JsonObject, packing });
  },

  mask: (records) =>
    playable(
      records.map(maskedEvent).filter((event) => event !== undefined),
      records[0]?.time ?? 0,
    ),

  assemble: (records) => writeList(records, 'array'),
};

/** An event that does not say when it was, was when the one before it was. */
function clockFrom(startedAt: number): (event: Json) => number {
  let time = startedAt;
  return (event) => (time = timeOf(event) ?? time);
}

const isEvent = (value: Json): boolean => isRrweb(value) || (isObject(value) && typeof value['type'] === 'number');
function isRrweb(value: Json | undefined): boolean {
  if (typeof value === 'string') return isRrweb(eventIn(value));
  return isObject(value) && isEventType(value['type']) && 'timestamp' in value && 'data' in value;
}
const eventIn = (text: string): Json | undefined => unpackEvent(text, { bytes: mostUnpackedBytes })?.event;

const list = { usual: 'array', isKnown: isRrweb, isRecord: isEvent } as const;

function decomposeEvent(data: Json): Parts {
  if (!isObject(data) || !isEventType(data['type']) || !isObject(data['data'])) return { other: { whole: data } };
  const content = partsOfData(data['type'], data['data']);
  const { parts } = splitKeys(withoutKey(data, 'data'), eventKeys);
  const order = Object.keys(data);
  const isStandard = parts['other'] === undefined && sameList(order, eventOrder);
  const other = {
    ...(isStandard ? {} : { order, extra: partOf(parts['other'], 'extra') ?? {} }),
    ...content.other,
  };
  const time = partOf(parts['time'], 'timestamp');
  return {
    ...content.parts,
    kind: { type: data['type'], ...content.kind },
    ...(time === undefined ? {} : { time }),
    ...(Object.keys(other).length === 0 ? {} : { other }),
  };
}

function reassembleEvent(parts: Parts): Json {
  const whole = partOf(parts.other, 'whole');
  if (whole !== undefined) return whole;
  const order = (partOf(parts.other, 'order') ?? eventOrder) as readonly string[];
  const extra = (partOf(parts.other, 'extra') ?? {}) as JsonObject;
  const event: Record<string, Json> = {};
  for (const key of order) {
    if (key === 'type') setOwn(event, key, partOf(parts.kind, 'type') as Json);
    else if (key === 'data') setOwn(event, key, dataOf(parts));
    else setOwn(event, key, (Object.hasOwn(extra, key) ? extra[key] : parts.time) as Json);
  }
  return event;
}

function timeOf(data: Json | undefined): number | undefined {
  const event = typeof data === 'string' ? eventIn(data) : data;
  const timestamp = isObject(event) ? event['timestamp'] : undefined;
  return typeof timestamp === 'number' && timestamp >= 0 && timestamp < mostTime ? Math.floor(timestamp) : undefined;
}

function withoutKey(object: JsonObject, key: string): JsonObject {
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(object)) if (name !== key) setOwn(copy, name, object[name] as Json);
  return copy;
}

/** What an event's data gives to the parts of the event: `rest` are keys of it, `data` is all of it. */
interface DataParts {
  readonly parts: Parts;
  readonly kind?: JsonObject;
  readonly other?: { readonly data: Json } | { readonly rest: Json } | { readonly values: Json };
}

function partsOfData(type: number, data: JsonObject): DataParts {
  if (type === eventType.fullSnapshot) return domParts(data);
  if (type === eventType.meta) {
    const { parts, keys } = splitKeys(data, metaKeys);
    const { other, ...named } = parts;
    if (other !== undefined) return { parts: named, other: { rest: other } };
    return { parts: named, kind: sameList(keys ?? [], metaOrder) ? {} : { keys: keys as string[] } };
  }
  const told = data['source'];
  if (type !== eventType.incremental || typeof told !== 'number') return { parts: {}, other: { data } };
  if (told === source.mutation) {
    const { kind, ...split } = domParts(data);
    return { ...split, kind: { ...kind, source: told } };
  }
  const known = sources[told];
  if (known === undefined) return { parts: {}, other: { data } };
  const { other, ...named } = splitKeys(data, known.keys).parts;
  return { parts: named, kind: { source: told }, ...(other === undefined ? {} : { other: { rest: other } }) };
}

function domParts(data: JsonObject): DataParts {
  const { carrier, values } = split(data, classifyDom);
  const { other, ...named } = Object.fromEntries(values);
  const parts = { ...named, screen: carrier as unknown as Json };
  return other === undefined ? { parts } : { parts, other: { values: other } };
}

function dataOf(parts: Parts): Json {
  const kept = partOf(parts.other, 'data');
  if (kept !== undefined) return kept;
  const { type, source: told, keys } = parts.kind as { type: number; source?: number; keys?: string[] };
  if (type === eventType.fullSnapshot || told === source.mutation) return filledDom(parts);
  const rest = partOf(parts.other, 'rest');
  const whole = { ...parts, ...(rest === undefined ? { other: {} } : { other: rest }) };
  if (type === eventType.meta) return joinKeys(whole, metaKeys, keys ?? metaOrder);
  const known = sources[told as number] as (typeof sources)[number];
  return joinKeys(whole, known.keys, Object.keys((parts[known.field] ?? {}) as JsonObject));
}

/** The tree with every value in its place again, in the order of the walk that took them out. */
function filledDom(parts: Parts): Json {
  const used = new Map<FieldName, number>();
  return fill(parts.screen as unknown as Carrier, (field) => {
    const index = used.get(field) ?? 0;
    used.set(field, index + 1);
    const values = (field === 'other' ? partOf(parts.other, 'values') : parts[field]) as readonly Json[];
    return values[index] as Json;
  });
}
