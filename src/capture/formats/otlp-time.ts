import type { Json } from './format.js';
import { partOf } from './keyed-parts.js';
import { epochMsOf } from './timed-lines.js';

/** Epoch ms of a span's start, an event, a log record or an observation; undefined where none is told. */
export function otlpTime(record: Json): number | undefined {
  const at = partOf(record, 'event') ?? record;
  for (const key of ['startTimeUnixNano', 'timeUnixNano', 'observedTimeUnixNano']) {
    const time = fromNanoseconds(partOf(at, key));
    if (time !== undefined) return time;
  }
  return epochMsOf(partOf(at, 'startTime'));
}

/** Zero means that it is not known. */
function fromNanoseconds(nanoseconds: Json | undefined): number | undefined {
  const digits = typeof nanoseconds === 'number' ? String(nanoseconds) : nanoseconds;
  if (typeof digits !== 'string' || !/^\d{7,20}$/.test(digits)) return undefined;
  return Number(digits.slice(0, -6));
}
