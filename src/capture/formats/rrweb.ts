import type { FieldName } from '../../log/fields.js';
import { Problem } from '../../problem.js';
import type { CutRecord, Format, Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { fill, isObject, setOwn, split, type Carrier } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { parseDocument, readText } from './read-recording.js';
import { classifyDom, eventType, isEventType, mutationSource, sourceFields } from './rrweb-fields.js';

const eventKeys = { type: 'kind', timestamp: 'time' } as const;
const metaKeys = { href: 'url', width: 'window', height: 'window' } as const;
const mostDepthOfWrapper = 3;

/** Recordings of pages by rrweb: a JSON array of events, bare or in a wrapper such as `{ "result": [...] }`. */
export const rrweb: Format = {
  name: 'rrweb',

  cut(file, startedAt) {
    const document = parseDocument(readText(file));
    const path = pathToEvents(document, mostDepthOfWrapper);
    if (path === undefined) throw new Problem('recording_malformed');
    const events = path.reduce<Json>((node, key) => (node as JsonObject)[key] as Json, document) as Json[];
    if (events.length === 0) throw new Problem('recording_empty');
    const first = timeOf(events[0]) ?? startedAt;
    const wrapper: CutRecord[] = path.length === 0 ? [] : [{ time: first, data: emptied(document, path) }];
    return [...wrapper, ...events.map((data) => ({ time: timeOf(data) ?? first, data }))];
  },

  decompose(data) {
    if (!isObject(data) || !isEventType(data['type']) || !isObject(data['data'])) return { other: { whole: data } };
    const { data: content, ...event } = data as { type: number; data: JsonObject };
    const kept = partsOfData(data['type'], content);
    const { parts, keys } = splitKeys(withoutKey(data, 'data'), eventKeys);
    const order = Object.keys(data);
    const standard = keys !== undefined && order.join() === 'type,data,timestamp';
    const kind = { type: event.type, ...(kept.source === undefined ? {} : { source: kept.source }) };
    const other = {
      ...(standard ? {} : { order, extra: partOf(parts['other'], 'extra') ?? {} }),
      ...(kept.other === undefined ? {} : { data: kept.other }),
    };
    const time = partOf(parts['time'], 'timestamp');
    return {
      ...kept.parts,
      kind,
      ...(time === undefined ? {} : { time }),
      ...(Object.keys(other).length === 0 ? {} : { other }),
    };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    const order = (partOf(parts.other, 'order') ?? ['type', 'data', 'timestamp']) as string[];
    const extra = (partOf(parts.other, 'extra') ?? {}) as JsonObject;
    const event: Record<string, Json> = {};
    for (const key of order) {
      const value =
        key === 'type'
          ? partOf(parts.kind, 'type')
          : key === 'data'
            ? dataOf(parts)
            : key === 'timestamp'
              ? parts.time
              : extra[key];
      setOwn(event, key, value as Json);
    }
    return event;
  },

  mask(records) {
    const events = records.flatMap((record) => maskEvent(record) ?? []);
    const hasPage = events.some((event) => partOf(event, 'type') === eventType.fullSnapshot);
    return hasPage ? events : [...blankStart(records[0]?.time ?? 0), ...events];
  },

  assemble(records) {
    const [first, ...rest] = records;
    const path = isWrapper(first) ? first.path : [];
    const events = isWrapper(first) ? rest : records;
    return Buffer.from(JSON.stringify(isWrapper(first) ? refilled(first.wrapper, path, [...events]) : events));
  },
};

interface Wrapper {
  readonly wrapper: Json;
  readonly path: string[];
}
const isWrapper = (record: Json | undefined): record is JsonObject & Wrapper =>
  isObject(record) && Array.isArray(record['path']) && Object.keys(record).join() === 'wrapper,path';

/** Where the events stand in the document, as keys from the root down. */
function pathToEvents(node: Json, depth: number): string[] | undefined {
  if (Array.isArray(node))
    return node.every((event) => isObject(event as Json) && 'type' in (event as JsonObject)) ? [] : undefined;
  if (!isObject(node) || depth === 0) return undefined;
  for (const key of Object.keys(node)) {
    const path = pathToEvents(node[key] as Json, depth - 1);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}

const emptied = (document: Json, path: string[]): Json => ({ wrapper: refilled(document, path, null), path });

/** A copy of the document with another value at the path. */
function refilled(node: Json, [key, ...rest]: readonly string[], value: Json): Json {
  if (key === undefined) return value;
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(node as JsonObject)) {
    const child = (node as JsonObject)[name] as Json;
    setOwn(copy, name, name === key ? refilled(child, rest, value) : child);
  }
  return copy;
}

function timeOf(event: Json | undefined): number | undefined {
  const timestamp = isObject(event) ? event['timestamp'] : undefined;
  return typeof timestamp === 'number' && timestamp >= 0 && timestamp < 253_402_300_799_999
    ? Math.floor(timestamp)
    : undefined;
}

function withoutKey(object: JsonObject, key: string): JsonObject {
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(object)) if (name !== key) setOwn(copy, name, object[name] as Json);
  return copy;
}

/** The parts of an event's data, or all of it for `other`. */
function partsOfData(type: number, data: JsonObject): { parts: Parts; source?: number; other?: Json } {
  if (type === eventType.meta) {
    const { parts, keys } = splitKeys(data, metaKeys);
    return keys?.join() === 'href,width,height' ? { parts } : { parts: {}, other: data };
  }
  if (type === eventType.fullSnapshot) return { parts: domParts(data) };
  if (type !== eventType.incremental) return { parts: {}, other: data };
  const { source } = data;
  const field = typeof source === 'number' ? sourceFields[source] : undefined;
  if (field === undefined) return { parts: {}, other: data };
  const parts = source === mutationSource ? domParts(data) : { [field]: data };
  return { parts, source: source as number };
}

function domParts(data: JsonObject): Parts {
  const { carrier, values } = split(data, classifyDom);
  return { ...Object.fromEntries(values), screen: carrier as unknown as Json };
}

function dataOf(parts: Parts): Json {
  const kept = partOf(parts.other, 'data');
  if (kept !== undefined) return kept;
  const { type, source } = parts.kind as { type: number; source?: number };
  if (type === eventType.meta)
    return joinKeys({ url: parts.url as Json, window: parts.window as Json }, metaKeys, ['href', 'width', 'height']);
  if (type === eventType.fullSnapshot || source === mutationSource) {
    const next = nextOf(parts);
    return fill(parts.screen as unknown as Carrier, (field) => next(field) as Json);
  }
  return parts[sourceFields[source as number] as FieldName] as Json;
}

/** Hands out the values of each field in order; undefined where the field is not there. */
function nextOf(parts: Parts): (field: FieldName) => Json | undefined {
  const used = new Map<FieldName, number>();
  return (field) => {
    const index = used.get(field) ?? 0;
    used.set(field, index + 1);
    return (parts[field] as Json[] | undefined)?.[index];
  };
}

const blankAddress = 'about:blank';
const maskedText = '••••';
const blankPage = {
  node: {
    type: 0,
    id: 1,
    childNodes: [
      { type: 1, id: 2, name: 'html', publicId: '', systemId: '' },
      {
        type: 2,
        id: 3,
        tagName: 'html',
        attributes: {},
        childNodes: [
          { type: 2, id: 4, tagName: 'head', attributes: {}, childNodes: [] },
          { type: 2, id: 5, tagName: 'body', attributes: {}, childNodes: [] },
        ],
      },
    ],
  },
  initialOffset: { left: 0, top: 0 },
};

const blankSize = { width: 1280, height: 720 };
const blankStart = (timestamp: number): Json[] => [
  { type: eventType.meta, data: { href: blankAddress, ...blankSize }, timestamp },
  { type: eventType.fullSnapshot, data: blankPage, timestamp },
];

/** What cannot be shown is left out, but for the meta event and the snapshot: no player starts without them. */
function maskEvent({ parts, time: timestamp }: MaskedRecord): Json | undefined {
  const type = partOf(parts.kind, 'type') ?? typeTold(parts);
  if (type === eventType.meta) {
    const href = partOf(parts.url, 'href') ?? blankAddress;
    const { width, height } = { ...blankSize, ...(parts.window as object | undefined) };
    return { type, data: { href, width, height }, timestamp };
  }
  if (type === eventType.fullSnapshot) {
    return { type, data: parts.screen === undefined ? blankPage : maskedDom(parts), timestamp };
  }
  if (type !== eventType.incremental) return undefined;
  const data = isCarrier(parts.screen)
    ? maskedDom(parts)
    : [parts.typed, parts.pointer, parts.window, parts.screen].find(hasSource);
  return data === undefined ? undefined : { type, data, timestamp };
}

/** Without its kind, a record still tells by its data what it was. */
function typeTold({ url, window, screen, typed, pointer }: Parts): number | undefined {
  if (isCarrier(screen))
    return partOf(screen['tree'], 'node') === undefined ? eventType.incremental : eventType.fullSnapshot;
  if ([typed, pointer, window, screen].some(hasSource)) return eventType.incremental;
  return isObject(url) || isObject(window) ? eventType.meta : undefined;
}

const isCarrier = (part: Json | undefined): part is JsonObject => isObject(part) && 'holes' in part;
const hasSource = (part: Json | undefined): boolean => partOf(part, 'source') !== undefined;

/** Addresses are never kept in a page: a player would fetch them. */
function maskedDom(parts: Parts): Json {
  const next = nextOf(parts);
  return fill(parts.screen as unknown as Carrier, (field) => {
    const value = next(field);
    if (field === 'url') return blankAddress;
    return value ?? (field === 'typed' ? '' : maskedText);
  });
}
