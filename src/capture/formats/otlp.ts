import { Problem } from '../../problem.js';
import type { CutRecord, Format, Json, JsonObject, MaskedRecord } from './format.js';
import { cutLists, isFrame, joinLists, valueAt, type Frame, type Path } from './frames.js';
import { isObject } from './json-tree.js';
import { beginDocument, hidden, maskRecords, type Masking, type MessageTold } from './masked-messages.js';
import { foldEvents, isEvent, recordsOf } from './otlp-events.js';
import { otlpRecord } from './otlp-layout.js';
import { otlpTime } from './otlp-time.js';
import { readDocuments } from './read-documents.js';
import { readText } from './read-recording.js';
import { joinLayout, splitLayout } from './split-layout.js';

/**
 * Traces and logs of OpenTelemetry in OTLP/JSON, one document or lines of them, with what the conventions for
 * generative AI say in them. A span is a record, and each event of it another: an event has its own time. Resources
 * and scopes are stored once, in the frame of their spans.
 */
export const otlp: Format = {
  name: 'otlp',

  recognise: ({ document = null }) =>
    listsIn(document).some(([outer]) => outer !== 'observations' || isExport(document)),

  cut(file, startedAt) {
    const documents = readDocuments(readText(file));
    let before = 0;
    const records = documents.flatMap((document, line) => {
      const paths = listsIn(document);
      if (paths.length === 0) throw new Problem('recording_malformed', documents.length > 1 ? { index: line } : {});
      for (const item of paths.flatMap((path) => valueAt(document, path) as readonly Json[])) {
        if (!isItem(item)) throw new Problem('recording_malformed', { index: before });
        before += 1;
      }
      return cutLists(document, paths, recordsOf);
    });
    if (before === 0) throw new Problem('recording_empty');
    return timed(records, startedAt);
  },

  decompose: (data) => splitLayout(data, otlpRecord),
  reassemble: joinLayout,

  mask: (records) =>
    beginDocument(
      records.flatMap((record, index) => maskedAfter(records[index - 1], record)),
      masked,
    ),

  assemble(records) {
    const { documents, loose } = joinLists(foldEvents(records));
    const whole = documents.length > 0 ? documents : [withSpans(loose)];
    return Buffer.from(whole.map((document) => JSON.stringify(document)).join('\n'));
  },
};

const nests = [
  ['resourceSpans', 'scopeSpans', 'spans'],
  ['resourceLogs', 'scopeLogs', 'logRecords'],
] as const;

/** Where a document holds its records. */
function listsIn(document: Json): Path[] {
  const nested = nests.flatMap(([outer, middle, inner]) =>
    indices(document, [outer]).flatMap((path) =>
      indices(document, [...path, middle]).map((one): Path => [...one, inner]),
    ),
  );
  return [...nested, ['observations']].filter((path) => Array.isArray(valueAt(document, path)));
}
function indices(document: Json, path: Path): Path[] {
  const list = valueAt(document, path);
  return Array.isArray(list) ? list.map((_, index) => [...path, index]) : [];
}

const isExport = (document: Json) => typeof valueAt(document, ['observations', 0, 'startTime']) === 'string';

/** An item that looks like a record of another make could not be told from it again. */
const isItem = (item: Json): boolean => isObject(item) && !isFrame(item) && !isEvent(item);

function timed(records: readonly Json[], startedAt: number): CutRecord[] {
  // A frame goes with what it frames.
  let time = records.map(otlpTime).find((one) => one !== undefined) ?? startedAt;
  return records.map((data) => {
    time = otlpTime(data) ?? time;
    return { time, data };
  });
}

const withSpans = (spans: readonly Json[]): JsonObject => ({
  resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ scope: { name: '' }, spans }] }],
});
const masked: Frame = { frame: ['resourceSpans', 0, 'scopeSpans', 0, 'spans'], of: withSpans([]) };

/** An event whose span is not right before it may have lost it, and must not come to another one. */
function maskedAfter(before: MaskedRecord | undefined, record: MaskedRecord): Json[] {
  const shown = maskRecords([record], masking);
  const isLost = isEvent(shown[0]) && before?.sequence !== record.sequence - 1;
  return isLost ? [{ ...idsFor(record), name: hidden, kind: 1, ...timesFor(record), events: [] }, ...shown] : shown;
}

/** Ids that are valid, and tell nothing: neither may be all zeros. */
const idsFor = ({ sequence }: MaskedRecord) => ({
  traceId: '1'.padStart(32, '0'),
  spanId: (sequence + 1).toString(16).padStart(16, '0'),
});
const timesFor = ({ time }: MaskedRecord) => ({
  startTimeUnixNano: `${time}000000`,
  endTimeUnixNano: `${time}000000`,
});

const masking: Masking = {
  placeholders: (record) => ({
    ...idsFor(record),
    ...timesFor(record),
    timeUnixNano: `${record.time}000000`,
    observedTimeUnixNano: `${record.time}000000`,
    startTime: new Date(record.time).toISOString(),
    name: hidden,
    value: { stringValue: hidden },
    stringValue: hidden,
    'values[]': { stringValue: hidden },
    message: hidden,
    input: hidden,
    output: hidden,
  }),
  message: (told, record) => ({
    ...idsFor(record),
    name: hidden,
    kind: 1,
    ...timesFor(record),
    attributes: [messageAttribute(told)],
  }),
};

/** A message that was granted without its kind, in the newer conventions. */
function messageAttribute({ role, content }: MessageTold): Json {
  const parts = content.map((item): Json => {
    if (item['type'] === 'text') return { type: 'text', content: item['text'] as Json };
    if (item['type'] === 'thinking') return { type: 'reasoning', content: item['thinking'] as Json };
    if (item['type'] === 'tool_use') return { type: 'tool_call', name: hidden, arguments: item['input'] as Json };
    return { type: 'tool_call_response', id: hidden, response: item['content'] as Json };
  });
  const key = role === 'assistant' ? 'gen_ai.output.messages' : 'gen_ai.input.messages';
  return { key, value: { stringValue: JSON.stringify([{ role, parts }]) } };
}
