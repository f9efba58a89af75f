import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import { byType, contentFields, finishReason, messageLayout, type Keys } from './message-layout.js';
import { parsed } from './read-documents.js';
import { anything, text } from './shapes.js';

/** Parts of a message as OpenTelemetry's conventions for generative AI have them since 1.37. */
const partsOf = (own: FieldName): Layout => {
  const typed = (type: string, keys: Keys): readonly [string, Layout] => [
    type,
    { keys: { type: word(type), ...keys } },
  ];
  const modality = word('image', 'video', 'audio');
  return byType(
    Object.fromEntries([
      typed('text', allTo(own, anything, 'content')),
      typed('reasoning', allTo('reasoning', anything, 'content')),
      typed('blob', { modality, ...allTo(own, anything, 'content', 'data', 'mime_type') }),
      typed('uri', { modality, ...allTo(own, anything, 'uri', 'mime_type') }),
      typed('file', { modality, ...allTo(own, anything, 'file_id', 'mime_type') }),
      typed('tool_call', allTo('tool.input', anything, 'id', 'name', 'arguments')),
      typed('server_tool_call', allTo('tool.input', anything, 'id', 'name', 'server_tool_call')),
      typed('tool_call_response', allTo('tool.output', anything, 'id', 'response', 'result')),
      typed('server_tool_call_response', allTo('tool.output', anything, 'id', 'server_tool_call_response')),
    ]),
  );
};

/** A message in the newer form (`parts`) or in the older ones, where `untold` is the role that none is told of. */
export const genaiMessage = (untold?: string): Layout =>
  messageLayout((own) => ({ parts: { each: partsOf(own) }, finish_reason: finishReason }), untold);

export const instructions: Layout = { each: partsOf('prompt') };

const constructors: Readonly<Record<string, string>> = {
  SystemMessage: 'system',
  HumanMessage: 'user',
  HumanMessageChunk: 'user',
  AIMessage: 'assistant',
  AIMessageChunk: 'assistant',
  ToolMessage: 'tool',
};
/** A message as LangChain writes it: the class that makes it, and its arguments. */
const constructed: Readonly<Record<string, Layout>> = Object.fromEntries(
  Object.entries(constructors).map(([name, role]) => [
    name,
    {
      keys: {
        lc: told((value) => value === 1),
        type: word('constructor'),
        id: { each: word('langchain_core', 'langchain', 'schema', 'messages', name) },
        kwargs: messageLayout(
          () => ({ tool_calls: whole('tool.input', Array.isArray), status: word('success', 'error') }),
          role,
        ),
      },
    },
  ]),
);

const plainMessage = genaiMessage();
const messageOrConstructor: Layout = {
  choose: (value) => {
    const name = constructorOf(value);
    return name === undefined ? plainMessage : (constructed[name] as Layout);
  },
};
function constructorOf(value: Json): string | undefined {
  const id = partOf(value, 'id');
  const name = Array.isArray(id) ? (id.at(-1) as Json | undefined) : undefined;
  return typeof name === 'string' && Object.hasOwn(constructors, name) ? name : undefined;
}
const isMessage = (value: Json): boolean => {
  const role = partOf(value, 'role');
  return constructorOf(value) !== undefined || (typeof role === 'string' && Object.hasOwn(contentFields, role));
};
const isMessages = (value: Json | undefined): boolean =>
  Array.isArray(value) && value.length > 0 && (value as readonly Json[]).every(isMessage);

/** Messages: a list of them, one alone, or a list under `messages`. */
export const messagesLayout: Layout = {
  choose: (value) => {
    if (Array.isArray(value)) return { each: messageOrConstructor };
    return isObject(partOf(value, 'messages')) || Array.isArray(partOf(value, 'messages'))
      ? { keys: { messages: { each: messageOrConstructor } } }
      : messageOrConstructor;
  },
};

/** A text of this field, which may be JSON of messages: then each of them goes to its own. */
export const saidIn = (field: FieldName): Layout => ({
  choose: (value) => {
    if (typeof value !== 'string') return whole('other', anything);
    // Most texts are no JSON, and what begins otherwise holds no messages.
    const held = /^\s*[[{]/.test(value) ? parsed(value) : undefined;
    if (held === undefined) return whole(field, text);
    return isMessages(held) || isMessages(partOf(held, 'messages')) || isMessage(held)
      ? { text: messagesLayout }
      : whole(field, text);
  },
});
