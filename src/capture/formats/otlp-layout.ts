import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { isFrame } from './frames.js';
import { genaiMessage, saidIn } from './genai-layout.js';
import { partOf } from './keyed-parts.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import { contentFields, finishReason, type Keys } from './message-layout.js';
import { observation, observationsDocument } from './otlp-observations.js';
import { attributesLayout, countText } from './otlp-attributes.js';
import { inAnyValue, plainOf } from './otlp-values.js';
import { anything, count, text, type Shape } from './shapes.js';

/** Nanoseconds since 1970, as text or as a number. */
const nanoseconds: Shape = (value) => count(value) || (text(value) && /^\d{1,20}$/.test(value as string));
const words = (prefix: string, ...names: readonly string[]): Layout => {
  const known = names.map((name) => prefix + name);
  return told((value) => (count(value) && (value as number) < 32) || known.some((name) => name === value));
};
const ids = allTo('other', anything, 'traceId', 'spanId', 'parentSpanId', 'traceState', 'schemaUrl');
const dropped = Object.fromEntries(
  ['droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount', 'flags'].map((name) => [name, told(count)]),
);

/** Events of the older conventions, and the role of whom each quotes. */
const eventRoles: Readonly<Record<string, string>> = {
  'gen_ai.system.message': 'system',
  'gen_ai.user.message': 'user',
  'gen_ai.assistant.message': 'assistant',
  'gen_ai.tool.message': 'tool',
  'gen_ai.choice': 'assistant',
};
const eventNames = [
  ...Object.keys(eventRoles),
  ...['gen_ai.content.prompt', 'gen_ai.content.completion', 'gen_ai.client.inference.operation.details', 'exception'],
];

/** A message under its own keys, and the answer of a model, which wraps one. */
const quotedOf = (role: string): Layout => {
  const message = genaiMessage(role);
  const isQuoted = (value: Json) => partOf(value, 'message') !== undefined;
  const wrapped: Layout = {
    keys: { index: told(count), finish_reason: finishReason, message, tool_calls: whole('tool.input', anything) },
  };
  return { choose: (value) => (isQuoted(value) ? wrapped : message) };
};
const quoted: Readonly<Record<string, Layout>> = Object.fromEntries(
  Object.entries(eventRoles).map(([name, role]) => [name, quotedOf(role)]),
);

/** Attributes that hold a message, or parts of one, in an event about it. */
function quotingAttributes(name: string): Keys {
  const role = eventRoles[name];
  if (role === undefined) return {};
  const own = contentFields[role] as FieldName;
  const layout = quoted[name] as Layout;
  const message: Layout = {
    choose: (any) => {
      return partOf(any, 'stringValue') === undefined
        ? inAnyValue(layout)
        : { keys: { stringValue: textOf(layout, own) } };
    },
  };
  return {
    ...Object.fromEntries(['gen_ai.event.content', 'event_content', 'message'].map((key) => [key, message])),
    content: { keys: { stringValue: saidIn(own) } },
    role: { keys: { stringValue: word(role) } },
    finish_reason: { keys: { stringValue: finishReason } },
    ...allTo('tool.input', anything, 'tool_calls'),
    ...(own === 'tool.output' ? allTo(own, anything, 'id', 'tool_call_id') : {}),
  };
}
const textOf = (layout: Layout, own: FieldName): Layout => ({
  choose: (value) =>
    typeof value === 'string' && value.trimStart().startsWith('{') ? { text: layout } : whole(own, text),
});

/** The name of an event, where it is one of the conventions'. */
function eventName(record: Json): string {
  const attributes = partOf(record, 'attributes');
  const attribute = Array.isArray(attributes)
    ? (attributes as readonly Json[]).find((one) => partOf(one, 'key') === 'event.name')
    : undefined;
  const name = partOf(record, 'eventName') ?? partOf(record, 'name') ?? plainOf(partOf(attribute, 'value'));
  return typeof name === 'string' && eventNames.includes(name) ? name : '';
}

const span: Layout = {
  keys: {
    ...ids,
    ...dropped,
    ...allTo('other', anything, 'name', 'links'),
    ...allTo('time', nanoseconds, 'startTimeUnixNano', 'endTimeUnixNano'),
    kind: words('SPAN_KIND_', 'UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'),
    attributes: attributesLayout(),
    // Cut out: each is a record of its own, with its own time.
    events: { each: whole('other', anything) },
    status: { keys: { code: words('STATUS_CODE_', 'UNSET', 'OK', 'ERROR'), message: whole('other', anything) } },
  },
};

/** One layout for each event of the conventions, and one for all others, whose name is ''. */
const byEvent = (layoutOf: (name: string, quoting: Keys) => Layout): Layout => {
  const layouts = new Map(['', ...eventNames].map((name) => [name, layoutOf(name, quotingAttributes(name))]));
  return { choose: (value) => layouts.get(eventName(value)) as Layout };
};
const nameTold = (name: string) => (name === '' ? whole('other', anything) : word(name));

const event = byEvent((name, quoting) => ({
  keys: {
    ...dropped,
    timeUnixNano: whole('time', nanoseconds),
    name: nameTold(name),
    attributes: attributesLayout(quoting),
  },
}));

const logRecord = byEvent((name, quoting) => ({
  keys: {
    ...ids,
    ...dropped,
    ...allTo('time', nanoseconds, 'timeUnixNano', 'observedTimeUnixNano'),
    eventName: nameTold(name),
    severityNumber: words('SEVERITY_NUMBER_', 'UNSPECIFIED', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'),
    severityText: word('TRACE', 'DEBUG', 'INFO', 'WARN', 'WARNING', 'ERROR', 'FATAL'),
    body: Object.hasOwn(quoted, name) ? inAnyValue(quoted[name] as Layout) : whole('other', anything),
    attributes: attributesLayout({
      ...quoting,
      ...(name === '' ? {} : { 'event.name': { keys: { stringValue: word(name) } } }),
    }),
  },
}));

const emptied: Layout = { each: whole('other', anything) };
const scope: Layout = { keys: { ...dropped, ...allTo('other', anything, 'name', 'version', 'attributes') } };
const resource: Layout = { keys: { ...dropped, ...allTo('other', anything, 'attributes') } };
const resources = (scopes: string, records: string): Layout => ({
  each: {
    keys: { ...ids, resource, [scopes]: { each: { keys: { ...ids, scope, [records]: emptied } } } },
  },
});
const document: Layout = {
  keys: {
    resourceSpans: resources('scopeSpans', 'spans'),
    resourceLogs: resources('scopeLogs', 'logRecords'),
    ...observationsDocument,
  },
};
const place = word('resourceSpans', 'scopeSpans', 'spans', 'resourceLogs', 'scopeLogs', 'logRecords', 'observations');
const frame: Layout = {
  keys: { frame: { each: { choose: (step) => (count(step) ? countText : place) } }, of: document },
};

/** A span has a name and a start; a log record has a time; an observation, as Langfuse exports it, has a `startTime`. */
export const otlpRecord: Layout = {
  choose: (value) => {
    if (isFrame(value)) return frame;
    if (partOf(value, 'event') !== undefined) return { keys: { event } };
    if (partOf(value, 'startTime') !== undefined) return observation;
    return ['body', 'severityNumber', 'eventName', 'observedTimeUnixNano'].some(
      (key) => partOf(value, key) !== undefined,
    )
      ? logRecord
      : span;
  },
};
