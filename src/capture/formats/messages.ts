import type { FieldName } from '../../log/fields.js';
import { Problem } from '../../problem.js';
import type { Format, Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isObject, withKey } from './json-tree.js';
import { contentFields, joinItems, splitItems } from './message-items.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { parseDocument, readText } from './read-recording.js';
import { anything, text, type KnownKeys } from './shapes.js';

const keysOf = (role: string): KnownKeys => ({
  role: ['kind', text],
  content: [contentFields[role] as FieldName, anything],
  refusal: ['response', anything],
  reasoning: ['reasoning', anything],
  reasoning_content: ['reasoning', anything],
  reasoning_details: ['reasoning', anything],
  thinking: ['reasoning', anything],
  thinking_blocks: ['reasoning', anything],
  tool_calls: ['tool.input', anything],
  function_call: ['tool.input', anything],
});

/** Chats with a model in the message form of OpenAI: `{ "messages": [...] }` or the bare array. */
export const messages: Format = {
  name: 'messages',

  cut(file, startedAt) {
    const document = parseDocument(readText(file));
    const list = isObject(document) ? document['messages'] : document;
    if (!Array.isArray(list)) throw new Problem('recording_malformed');
    if (list.length === 0) throw new Problem('recording_empty');
    const wrong = list.findIndex((message: Json) => !isObject(message) || isWrapper(message));
    if (wrong >= 0) throw new Problem('recording_malformed', { index: wrong });
    const wrapper = isObject(document) ? [withKey(document, 'messages', null)] : [];
    return [...wrapper, ...list].map((data, index) => ({ time: startedAt + index, data }));
  },

  decompose(data) {
    const role = isObject(data) ? data['role'] : undefined;
    if (!isObject(data) || typeof role !== 'string' || !Object.hasOwn(contentFields, role))
      return { other: { whole: data } };
    const { parts, keys } = splitKeys(data, keysOf(role));
    const kind = { role, ...(keys === undefined ? {} : { keys }) };
    const { content } = data;
    return Array.isArray(content) ? splitItems({ ...parts, kind }, role, content as Json[]) : { ...parts, kind };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    const { role, keys, items } = parts.kind as { role: string; keys?: string[]; items?: FieldName[] };
    const message = joinKeys(parts, keysOf(role), keys);
    return items === undefined ? message : withKey(message, 'content', joinItems(parts, items) as readonly Json[]);
  },

  mask: (records) => [{ messages: null }, ...records.flatMap((record) => maskedMessage(record) ?? [])],

  assemble(records) {
    const [first, ...rest] = records;
    const document = isWrapper(first) ? withKey(first, 'messages', rest) : records;
    return Buffer.from(JSON.stringify(document));
  },
};

const isWrapper = (record: Json | undefined): record is JsonObject => isObject(record) && record['messages'] === null;

const masked = '[masked]';

/** Every message keeps its place. Whose it was is told by its kind, or by what was granted of it. */
function maskedMessage({ parts }: MaskedRecord): Json | undefined {
  const role = partOf(parts.kind, 'role') ?? roleTold(parts);
  if (role === undefined) return undefined;
  const content = contentTold(parts) ?? masked;
  const thought = partOf(parts.reasoning, 'reasoning_content');
  const calls = partOf(parts['tool.input'], 'tool_calls');
  return {
    role,
    content,
    ...(thought === undefined ? {} : { reasoning_content: thought }),
    ...(calls === undefined ? {} : { tool_calls: calls }),
  };
}

/** The content as it was; of a list, what was granted, with a placeholder for each item that was not. */
function contentTold(parts: Parts): Json | undefined {
  const items = partOf(parts.kind, 'items') as readonly FieldName[] | undefined;
  if (items !== undefined && items.length > 0) {
    return joinItems(parts, items).map((item) => item ?? { type: 'text', text: masked });
  }
  const told = [parts.prompt, parts.response, parts['tool.output']].map((part) => partOf(part, 'content'));
  return told.find((one) => one !== undefined && one !== null);
}

function roleTold(parts: Parts): string | undefined {
  if (parts.prompt !== undefined) return 'user';
  if (parts['tool.output'] !== undefined) return 'tool';
  return [parts.response, parts.reasoning, parts['tool.input']].some((part) => part !== undefined)
    ? 'assistant'
    : undefined;
}
