import type { Json, JsonObject } from './format.js';
import { isFrame } from './frames.js';
import { isObject, withKey } from './json-tree.js';
import { partOf } from './keyed-parts.js';

export const isEvent = (record: Json | undefined): boolean => partOf(record, 'event') !== undefined;

/** A span without its events, and each of those after it. Where one is no event, they stay where they are. */
export function recordsOf(span: Json): Json[] {
  const events = partOf(span, 'events');
  if (!Array.isArray(events) || !(events as readonly Json[]).every(isObject)) return [span];
  return [withKey(span as JsonObject, 'events', []), ...events.map((event: Json) => ({ event }))];
}

/** The records again, each span with the events that came after it. */
export function foldEvents(records: readonly Json[]): Json[] {
  const folded: Json[] = [];
  let events: Json[] | undefined;
  for (const record of records) {
    const event = partOf(record, 'event');
    if (event !== undefined && events !== undefined) {
      events.push(event);
      continue;
    }
    const own = isFrame(record) ? undefined : partOf(record, 'events');
    events = Array.isArray(own) ? [...(own as readonly Json[])] : undefined;
    folded.push(events === undefined ? record : withKey(record as JsonObject, 'events', events));
  }
  return folded;
}
