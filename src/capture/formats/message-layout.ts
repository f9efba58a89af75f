import type { FieldName } from '../../log/fields.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { anything, count, flag, list, listOrNull, nothing, text, textOrNull, type Shape } from './shapes.js';

/** Whose content it is: by the role, which is told in clear only where it is one of these. */
export const contentFields: Readonly<Record<string, FieldName>> = {
  system: 'prompt',
  developer: 'prompt',
  user: 'prompt',
  assistant: 'response',
  tool: 'tool.output',
  function: 'tool.output',
};

export type Keys = Readonly<Record<string, Layout>>;
/** What a model said or thought, in any of the ways that APIs write it. */
const said: Shape = (value) => value === null || text(value) || list(value);
const objectShape: Shape = (value) => isObject(value);
const flagOrNull: Shape = (value) => value === null || flag(value);

const cacheControl: Layout = {
  choose: (value) =>
    value === null
      ? told(nothing)
      : { keys: { type: word('ephemeral'), ttl: word('5m', '1h'), scope: word('global', 'org') } },
};
/** By what stands under `type`; a type that is not here is content, and so is the item. */
export const byType = (types: Keys): Layout => ({
  choose: (value) => {
    const type = partOf(value, 'type');
    return typeof type === 'string' && Object.hasOwn(types, type) ? (types[type] as Layout) : whole('other', anything);
  },
});
const typed = (type: string, keys: Keys): readonly [string, Layout] => [
  type,
  { keys: { type: word(type), cache_control: cacheControl, ...keys } },
];

/** Items of a content list. Those of a model's own make have a field of their own, whatever the message is. */
function contentItems(own: FieldName): Keys {
  const texts = { ...allTo(own, text, 'text'), ...allTo(own, listOrNull, 'annotations', 'logprobs', 'citations') };
  const toolUse = allTo('tool.input', anything, 'id', 'name', 'input', 'server_name', 'caller');
  const toolResult = {
    ...allTo('tool.output', anything, 'tool_use_id', 'content', 'server_name', 'caller'),
    is_error: told(flagOrNull),
  };
  return Object.fromEntries([
    ...['text', 'input_text', 'output_text'].map((type) => typed(type, texts)),
    typed('refusal', allTo(own, text, 'refusal')),
    typed('image_url', allTo(own, anything, 'image_url')),
    typed('input_image', { ...allTo(own, textOrNull, 'image_url', 'file_id'), detail: word('auto', 'low', 'high') }),
    typed('image', allTo(own, objectShape, 'source')),
    typed('document', allTo(own, anything, 'source', 'title', 'context', 'citations')),
    typed('input_audio', allTo(own, objectShape, 'input_audio')),
    typed('file', allTo(own, objectShape, 'file')),
    typed('input_file', allTo(own, textOrNull, 'file_data', 'file_id', 'file_url', 'filename')),
    typed('video_url', allTo(own, anything, 'video_url')),
    typed('search_result', allTo(own, anything, 'source', 'title', 'content', 'citations')),
    typed('thinking', allTo('reasoning', text, 'thinking', 'signature')),
    typed('redacted_thinking', allTo('reasoning', text, 'data')),
    ...['reasoning', 'reasoning_text', 'summary_text'].map((type) =>
      typed(type, allTo('reasoning', said, 'text', 'content', 'summary', 'reasoning', 'encrypted_content')),
    ),
    ...['tool_use', 'server_tool_use', 'mcp_tool_use'].map((type) => typed(type, toolUse)),
    typed(
      'tool_call',
      allTo('tool.input', anything, 'id', 'call_id', 'name', 'args', 'input', 'arguments', 'function'),
    ),
    typed('function_call', allTo('tool.input', anything, 'id', 'call_id', 'name', 'arguments')),
    ...toolResults.map((type) => typed(type, toolResult)),
    typed('function_call_output', allTo('tool.output', anything, 'id', 'call_id', 'output')),
  ]);
}
const toolResults = [
  'tool_result',
  'mcp_tool_result',
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
];

const contents = new Map<FieldName, Layout>();
/** Content of a message: a text, or a list of items. */
export function contentOf(own: FieldName): Layout {
  const made = contents.get(own);
  if (made !== undefined) return made;
  const items: Layout = { each: byType(contentItems(own)) };
  const content: Layout = { choose: (value) => (Array.isArray(value) ? items : whole(own, textOrNull)) };
  contents.set(own, content);
  return content;
}

const functionCall: Layout = {
  choose: (value) =>
    value === null ? whole('tool.input', anything) : { keys: allTo('tool.input', text, 'name', 'arguments') },
};
const toolCalls: Layout = {
  choose: (value) => (Array.isArray(value) ? { each: toolCall } : whole('tool.input', (one) => one === null)),
};
const toolCall: Layout = {
  keys: {
    type: word('function', 'custom'),
    index: told(count),
    id: whole('tool.input', textOrNull),
    function: functionCall,
    custom: { keys: allTo('tool.input', text, 'name', 'input') },
  },
};

/** A message of a role, in the form of OpenAI's chat completions and of what grew around it. */
function messageKeys(role: string): Keys {
  const own = contentFields[role] as FieldName;
  return {
    role: word(role),
    type: word('message'),
    status: word('in_progress', 'completed', 'incomplete'),
    phase: word('commentary', 'final_answer'),
    content: contentOf(own),
    refusal: whole('response', textOrNull),
    audio: whole('response', (value) => value === null || isObject(value)),
    annotations: whole('response', listOrNull),
    ...allTo('reasoning', said, 'reasoning', 'reasoning_content', 'reasoning_details', 'thinking', 'thinking_blocks'),
    tool_calls: toolCalls,
    function_call: functionCall,
    cache_control: cacheControl,
    ...(own === 'tool.output' ? allTo(own, text, 'tool_call_id') : {}),
  };
}

/**
 * A message by its role, with these keys besides. A role that is not known is content, and so is the message; where
 * none is told it may be known from elsewhere.
 */
export function messageLayout(besides: (own: FieldName) => Keys = () => ({}), untold?: string): Layout {
  const roles = Object.fromEntries(
    Object.entries(contentFields).map(([role, own]) => [role, { keys: { ...messageKeys(role), ...besides(own) } }]),
  );
  return {
    choose: (value) => {
      const role = partOf(value, 'role') ?? (isObject(value) ? untold : undefined);
      return typeof role === 'string' && Object.hasOwn(roles, role)
        ? (roles[role] as Layout)
        : whole('other', anything);
    },
  };
}

/** Why a model stopped, in the words of all APIs. */
export const finishReason: Layout = {
  choose: (value) =>
    value === null
      ? told(nothing)
      : word(
          ...['stop', 'length', 'content_filter', 'function_call', 'tool_call', 'tool_calls', 'tool_use'],
          ...['end_turn', 'max_tokens', 'error'],
        ),
};
