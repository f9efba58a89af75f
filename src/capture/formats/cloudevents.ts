import type { Format, Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isObject, withKey } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { listCutter } from './list-cutter.js';
import { joinNested, splitNested, type Schema } from './nested-parts.js';
import { readText } from './read-recording.js';
import { pathTo, readList, timed, writeList } from './record-list.js';
import { nothing, oneOf, type Shape } from './shapes.js';
import { dateText, epochMsOf } from './timed-lines.js';

/** A record in an envelope: the rest of the type is the name of the format of its data. */
export const recordType = 'custos.record.';
const mediaType = 'application/json';

type Inner = Readonly<Record<string, Format>>;

/**
 * Records of the other formats in envelopes of CloudEvents 1.0 (its JSON format): one event, an array, or lines. What
 * the data gives to `kind`, `time` and `other` stands there under `data`, beside what the envelope gives; the other
 * fields are the data's alone, as without an envelope. An event of another type is `other`, whole.
 */
export function cloudEvents(inner: Inner): Format {
  const isKnownType: Shape = (type) => formatIn(type, inner) !== undefined;
  const envelope: Schema = {
    keys: {
      specversion: ['kind', oneOf('1.0')],
      type: ['kind', isKnownType],
      time: ['time', dateText],
      datacontenttype: ['kind', oneOf(mediaType)],
      data: ['kind', nothing],
    },
  };

  return {
    name: 'cloudevents',

    recognise: ({ document, lines: [line] }) =>
      isCloudEvent(line) ||
      isCloudEvent(document) ||
      (document !== undefined && pathTo(([first]) => isCloudEvent(first), document) !== undefined),

    cut: (file, startedAt) => timed(readList(readText(file), list), clockFrom(startedAt)),
    cutter: (startedAt) => listCutter(list, clockFrom(startedAt)),

    decompose(event, budget) {
      const format =
        isObject(event) && isCloudEvent(event) && 'data' in event ? formatIn(event['type'], inner) : undefined;
      if (format === undefined) return { other: { whole: event } };
      const outer = splitNested(withKey(event as JsonObject, 'data', null), envelope);
      const parts = format.decompose((event as JsonObject)['data'] as Json, budget);
      const both = ['kind', 'time', 'other'] as const;
      return {
        ...parts,
        ...Object.fromEntries(
          both.flatMap((field) => {
            const part = parts[field];
            if (part === undefined) return outer[field] === undefined ? [] : [[field, outer[field]]];
            return [[field, { ...outer[field], data: part }]];
          }),
        ),
      };
    },

    reassemble(parts) {
      const whole = partOf(parts.other, 'whole');
      if (whole !== undefined) return whole;
      const event = joinNested(withoutData(parts), envelope);
      const format = formatIn(event['type'], inner) as Format;
      return withKey(event, 'data', format.reassemble(insideOf(parts)));
    },

    typing: (parts) => formatIn(partOf(parts.kind, 'type'), inner)?.typing?.(insideOf(parts)),

    mask: (records) => maskedByFormat(records, inner),

    assemble: (records) => writeList(records, 'lines'),
  };
}

export const isCloudEvent = (value: Json | undefined): boolean =>
  isObject(value) &&
  value['specversion'] === '1.0' &&
  ['id', 'source', 'type'].every((key) => typeof value[key] === 'string' && value[key] !== '');

const list = { usual: 'lines', isKnown: isCloudEvent } as const;

function clockFrom(startedAt: number): (event: Json) => number {
  let time = startedAt;
  return (event) => (time = timeOf(event) ?? time);
}

function formatIn(type: Json | undefined, inner: Inner): Format | undefined {
  if (typeof type !== 'string' || !type.startsWith(recordType)) return undefined;
  const name = type.slice(recordType.length);
  return Object.hasOwn(inner, name) ? inner[name] : undefined;
}

/** Epoch milliseconds, where an event says when it was. */
export const timeOf = (event: Json): number | undefined => epochMsOf(partOf(event, 'time'));

/** The envelope's parts, with a null where the data was. */
const withoutData = (parts: Parts): Parts => ({
  ...parts,
  kind: isObject(parts.kind) && 'data' in parts.kind ? withKey(parts.kind, 'data', null) : (parts.kind as Json),
});

/** The parts of the data. */
function insideOf({ kind, time, other, ...named }: Parts): Parts {
  const inside = Object.entries({ kind, time, other }).flatMap(([field, part]) => {
    const data = partOf(part, 'data');
    // A kind that is null is the envelope's own: no format gives one.
    return data === undefined || data === null ? [] : [[field, data]];
  });
  return { ...named, ...(Object.fromEntries(inside) as Parts) };
}

/** Each format masks its own records, in the order in which the formats come; the envelopes are new ones. */
function maskedByFormat(records: readonly MaskedRecord[], inner: Inner): Json[] {
  const byType = new Map<string, MaskedRecord[]>();
  for (const record of records) {
    const type = partOf(record.parts.kind, 'type');
    if (typeof type !== 'string' || formatIn(type, inner) === undefined) continue;
    const masked = { ...record, parts: insideOf(record.parts) };
    const same = byType.get(type);
    if (same === undefined) byType.set(type, [masked]);
    else same.push(masked);
  }
  const datas = [...byType].flatMap(([type, of]) =>
    (formatIn(type, inner) as Format).mask(of).map((data) => ({ type, data })),
  );
  return datas.map(({ type, data }, index) => ({
    specversion: '1.0',
    id: `masked-${index}`,
    source: '/masked',
    type,
    datacontenttype: mediaType,
    data,
  }));
}
