import type { FieldName } from '../../log/fields.js';
import { Problem } from '../../problem.js';
import type { Format, Json, JsonObject, MaskedRecord } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { joinKeys, partOf, splitKeys, type KnownKeys } from './keyed-parts.js';
import { parseDocument, readText } from './read-recording.js';

/** Whose content it is: by the role, which is told in clear only where it is one of these. */
const contentFields: Readonly<Record<string, FieldName>> = {
  system: 'prompt',
  developer: 'prompt',
  user: 'prompt',
  assistant: 'response',
  tool: 'tool.output',
  function: 'tool.output',
};

const keysOf = (role: string): KnownKeys => ({
  role: 'kind',
  content: contentFields[role] as FieldName,
  refusal: 'response',
  reasoning: 'reasoning',
  reasoning_content: 'reasoning',
  tool_calls: 'tool.input',
  function_call: 'tool.input',
});

/** Chats with a model in the message form of OpenAI: `{ "messages": [...] }` or the bare array. */
export const messages: Format = {
  name: 'messages',

  cut(file, startedAt) {
    const document = parseDocument(readText(file));
    const list = isObject(document) ? document['messages'] : document;
    if (!Array.isArray(list)) throw new Problem('recording_malformed');
    if (list.length === 0) throw new Problem('recording_empty');
    const wrapper = isObject(document) ? [withMessages(document, null)] : [];
    return [...wrapper, ...list].map((data, index) => ({ time: startedAt + index, data }));
  },

  decompose(data) {
    const role = isObject(data) ? data['role'] : undefined;
    if (!isObject(data) || typeof role !== 'string' || !Object.hasOwn(contentFields, role))
      return { other: { whole: data } };
    const { parts, keys } = splitKeys(data, keysOf(role));
    return { ...parts, kind: { role, ...(keys === undefined ? {} : { keys }) } };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    const { role, keys } = parts.kind as { role: string; keys?: string[] };
    return joinKeys(parts, keysOf(role), keys);
  },

  mask: (records) => [{ messages: null }, ...records.flatMap((record) => maskedMessage(record) ?? [])],

  assemble(records) {
    const [first, ...rest] = records;
    const document = isWrapper(first) ? withMessages(first, rest) : records;
    return Buffer.from(JSON.stringify(document));
  },
};

const isWrapper = (record: Json | undefined): record is JsonObject => isObject(record) && record['messages'] === null;

function withMessages(document: JsonObject, list: Json): JsonObject {
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(document)) setOwn(copy, key, key === 'messages' ? list : (document[key] as Json));
  return copy;
}

const masked = '[masked]';

/** Every message keeps its place. Whose it was is told by its kind, or by what was granted of it. */
function maskedMessage({ parts }: MaskedRecord): Json | undefined {
  const { prompt, response, reasoning } = parts;
  const role = partOf(parts.kind, 'role') ?? roleTold(parts);
  if (role === undefined) return undefined;
  const content = [prompt, response, parts['tool.output']]
    .map((part) => partOf(part, 'content'))
    .find((one) => one !== undefined);
  const thought = partOf(reasoning, 'reasoning_content');
  const calls = partOf(parts['tool.input'], 'tool_calls');
  return {
    role,
    content: content ?? masked,
    ...(thought === undefined ? {} : { reasoning_content: thought }),
    ...(calls === undefined ? {} : { tool_calls: calls }),
  };
}

function roleTold(parts: MaskedRecord['parts']): string | undefined {
  if (parts.prompt !== undefined) return 'user';
  if (parts['tool.output'] !== undefined) return 'tool';
  return [parts.response, parts.reasoning, parts['tool.input']].some((part) => part !== undefined)
    ? 'assistant'
    : undefined;
}
