import { Problem } from '../../problem.js';
import type { CutRecord, Format, Json, JsonObject, MaskedRecord } from './format.js';
import { cutLists, isFrame, joinLists, valueAt, type Path } from './frames.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { joinNested, splitNested, type Schema } from './nested-parts.js';
import { parseDocument, readText } from './read-recording.js';
import { recordTime } from './record-time.js';
import { isAddress } from './rrweb-attributes.js';
import { amount, count, finite, flag, nothing, oneOf, text, type Shape } from './shapes.js';

const isMoment: Shape = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?$/.test(value);

const countOrNull: Shape = (value) => value === null || count(value);

/** Data of the watchers: window, web, afk, input, and those of editors and phones. */
const data: Schema = {
  keys: {
    app: ['window', text],
    title: ['window', text],
    url: ['url', isAddress],
    audible: ['window', flag],
    incognito: ['window', flag],
    tabCount: ['window', count],
    status: ['performance', oneOf('afk', 'not-afk')],
    file: ['window', text],
    project: ['window', text],
    language: ['window', text],
    package: ['window', text],
    classname: ['window', text],
    presses: ['typed', count],
    clicks: ['pointer', count],
    deltaX: ['pointer', finite],
    deltaY: ['pointer', finite],
    scrollX: ['pointer', finite],
    scrollY: ['pointer', finite],
  },
};
const event: Schema = {
  keys: {
    id: ['kind', countOrNull],
    timestamp: ['time', isMoment],
    duration: ['time', amount],
    data: ['kind', nothing],
  },
  nested: { data },
};

/** An export of ActivityWatch, of all buckets or of one; or the events of a bucket, as its API gives them. */
export const activitywatch: Format = {
  name: 'activitywatch',

  recognise: ({ document = null }) =>
    pathsIn(document).some((path) => isEvent(valueAt(document, [...path, 0]) ?? null)) || hasBuckets(document),

  cut(file, startedAt) {
    const document = parseDocument(readText(file));
    const paths = pathsIn(document);
    const events = paths.flatMap((path) => valueAt(document, path) as readonly Json[]);
    if (paths.length === 0 || (!hasBuckets(document) && !events.every(isEvent)))
      throw new Problem('recording_malformed');
    if (events.length === 0) throw new Problem('recording_empty');
    const wrong = events.findIndex((one) => !isEvent(one));
    if (wrong >= 0) throw new Problem('recording_malformed', { index: wrong });
    let time = timeOf(events[0]) ?? startedAt;
    return cutLists(document, paths).map((record): CutRecord => {
      time = timeOf(record) ?? time;
      return { time, data: record };
    });
  },

  decompose: (record) => (isEvent(record) ? splitNested(record as JsonObject, event) : { other: { whole: record } }),

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    return whole === undefined ? joinNested(parts, event) : whole;
  },

  mask: (records) => [{ frame: ['buckets', bucketName, 'events'], of: bucket }, ...records.flatMap(maskedEvent)],

  assemble(records) {
    const { documents, loose } = joinLists(records);
    return Buffer.from(JSON.stringify(documents[0] ?? loose));
  },
};

/** Where events stand: in each bucket, in the one, or in nothing else. */
function pathsIn(document: Json): Path[] {
  if (Array.isArray(document)) return [[]];
  const buckets = partOf(document, 'buckets');
  if (!isObject(buckets)) return Array.isArray(partOf(document, 'events')) ? [['events']] : [];
  return Object.keys(buckets)
    .filter((name) => Array.isArray(partOf(buckets[name], 'events')))
    .map((name) => ['buckets', name, 'events']);
}

/** Buckets may be empty, all of them. */
function hasBuckets(document: Json): boolean {
  const buckets = partOf(document, 'buckets');
  return isObject(buckets) && Object.values(buckets).some((one) => typeof partOf(one, 'client') === 'string');
}

const isEvent = (value: Json): boolean =>
  isObject(value) &&
  !isFrame(value) &&
  isMoment(value['timestamp'] ?? null) &&
  'duration' in value &&
  isObject(value['data']);

function timeOf(record: Json | undefined): number | undefined {
  const told = partOf(record, 'timestamp');
  if (typeof told !== 'string') return undefined;
  // ActivityWatch means UTC where it names no zone.
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(told) ? told : `${told.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) || ms < 0 ? undefined : recordTime(ms);
}

const bucketName = 'masked';
const bucket: Json = {
  buckets: {
    [bucketName]: {
      id: bucketName, created: '1970-01-01T00:00:00Z', type: bucketName, client: bucketName, hostname: bucketName, events: [],
    }, // prettier-ignore
  },
};

/** Which bucket an event was in, `other` tells: it has the name of the machine. */
function maskedEvent({ parts, time }: MaskedRecord): Json[] {
  const { other, ...granted } = parts;
  if (Object.keys(granted).length === 0 || partOf(other, 'whole') !== undefined) return [];
  const told = Object.keys(data.keys).flatMap((key) =>
    Object.values(granted).flatMap((part) => {
      const value = partOf(partOf(part, 'data'), key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
  const timestamp = partOf(parts.time, 'timestamp') ?? new Date(time).toISOString();
  return [{ timestamp, duration: partOf(parts.time, 'duration') ?? 0, data: Object.fromEntries(told) }];
}
