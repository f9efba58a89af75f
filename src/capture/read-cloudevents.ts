import { createHash } from 'node:crypto';
import { Problem } from '../problem.js';
import { isCloudEvent, timeOf } from './formats/cloudevents.js';
import type { Json, JsonObject } from './formats/format.js';
import { isObject, setOwn } from './formats/json-tree.js';

/** What `POST /v1/records` takes, in its own words; whether the ids are ids is its schema's to say. */
export interface RecordsOfEvents {
  readonly session: Json | undefined;
  readonly subject: Json | undefined;
  readonly format: 'cloudevents';
  readonly first: number | 'end';
  readonly records: readonly { readonly time: number; readonly data: Json }[];
}

/**
 * CloudEvents 1.0 as records of one session: `subject` is the person recorded, the extension `custossession` the
 * session, and `sequence` (an extension of the specification) the place in it; without, they go to its end.
 * `now` is for events that do not say when they were. @throws Problem input_invalid
 */
export function readCloudEvents(events: readonly Json[], now: number): RecordsOfEvents {
  const [first, ...rest] = events;
  const wrong = events.findIndex((event) => !isCloudEvent(event));
  if (wrong >= 0) throw invalid(`${wrong}`, 'not_a_cloudevent');
  if (!isObject(first)) throw invalid('body', 'too_small');
  for (const attribute of ['subject', 'custossession'] as const) {
    const other = rest.findIndex((event) => (event as JsonObject)[attribute] !== first[attribute]);
    if (other >= 0) throw invalid(`${other + 1}.${attribute}`, 'not_of_one_session');
  }
  return {
    session: first['custossession'],
    subject: first['subject'],
    format: 'cloudevents',
    first: placeOf(events as readonly JsonObject[]),
    records: events.map((data) => ({ time: timeOf(data) ?? now, data })),
  };
}

/** Names this write by what it writes: CloudEvents are told apart by their source and id, so a retry is the same. */
export const commandOf = (events: readonly Json[]): string =>
  `ce-${createHash('sha256')
    .update(JSON.stringify(events.map((event) => [(event as JsonObject)['source'], (event as JsonObject)['id']])))
    .digest('hex')}`;

function placeOf(events: readonly JsonObject[]): number | 'end' {
  if (events.every((event) => event['sequence'] === undefined)) return 'end';
  const places = events.map((event) => event['sequence']);
  const first = typeof places[0] === 'string' && /^\d{1,15}$/.test(places[0]) ? Number(places[0]) : NaN;
  const wrong = places.findIndex(
    (place, index) => typeof place !== 'string' || !/^\d{1,15}$/.test(place) || Number(place) !== first + index,
  );
  if (wrong >= 0) throw invalid(`${wrong}.sequence`, 'not_consecutive');
  return first;
}

/** A prefix that only headers have: `ce-` and the name of an attribute (HTTP protocol binding §3.1.3.1). */
const attributeHeader = /^ce-([a-z0-9]{1,20})$/;

export const isBinaryMode = (headers: Headers): boolean => headers['ce-specversion'] !== undefined;
type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** An event whose attributes came as headers, and its data as the body. @throws Problem input_invalid */
export function eventOfHeaders(headers: Headers, data: Json): Json {
  const event: Record<string, Json> = {};
  for (const [name, value] of Object.entries(headers)) {
    const [, attribute] = attributeHeader.exec(name) ?? [];
    if (attribute !== undefined && attribute !== 'data') setOwn(event, attribute, decoded(name, value));
  }
  const type = headers['content-type'];
  if (typeof type === 'string') event['datacontenttype'] = type;
  return { ...event, data };
}

/** HTTP protocol binding §3.1.3.2: what is not printable ASCII is percent-encoded, in UTF-8. */
function decoded(name: string, value: string | readonly string[] | undefined): string {
  try {
    return decodeURIComponent(String(value).replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    throw invalid(name, 'not_utf8');
  }
}

const invalid = (path: string, rule: string) => new Problem('input_invalid', { issues: [{ path, rule }] });
