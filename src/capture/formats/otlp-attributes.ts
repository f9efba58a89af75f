import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { instructions, messagesLayout, saidIn } from './genai-layout.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { told, whole, word, type Layout } from './layout.js';
import { contentFields, finishReason, type Keys } from './message-layout.js';
import { inAnyValue, plainOf } from './otlp-values.js';
import { anything, count, flag, text } from './shapes.js';

/** Numbers that count something; OTLP/JSON writes 64 bits as text. */
export const countText = told((value) => count(value) || (text(value) && /^\d{1,12}$/.test(value as string)));

const named = (names: readonly string[], layout: Layout): Keys =>
  Object.fromEntries(names.map((name) => [name, layout]));
/** Messages of the newer conventions: a list in OTLP's form, or a text of JSON where a span takes no list. */
const messageList = (list: Layout): Layout => ({
  choose: (any) =>
    partOf(any, 'stringValue') === undefined ? inAnyValue(list) : { keys: { stringValue: { text: list } } },
});
const saying = (field: FieldName): Layout => ({
  choose: (any) =>
    partOf(any, 'stringValue') === undefined ? whole(field, anything) : { keys: { stringValue: saidIn(field) } },
});
const to = (field: FieldName): Layout => whole(field, (any) => isObject(any));
const oneOf = (...words: readonly string[]): Layout => ({ keys: { stringValue: word(...words) } });

const providers = ['openai', 'anthropic', 'azure.ai.openai', 'azure.ai.inference', 'aws.bedrock', 'cohere', 'deepseek'];
const moreProviders = [
  'gcp.gemini',
  'gcp.vertex_ai',
  'gcp.gen_ai',
  'groq',
  'mistral_ai',
  'perplexity',
  'x_ai',
  'langchain',
];
const usage = ['input_tokens', 'output_tokens', 'prompt_tokens', 'completion_tokens', 'total_tokens'];

/** What a span is about, by the attributes of all conventions that say so. */
const spanKinds: Keys = {
  'gen_ai.operation.name': oneOf(
    ...['chat', 'generate_content', 'text_completion', 'embeddings', 'create_agent', 'invoke_agent', 'invoke_workflow'],
    ...['execute_tool', 'retrieval', 'chain', 'completion'],
  ),
  'openinference.span.kind': oneOf(
    'LLM',
    'EMBEDDING',
    'CHAIN',
    'RETRIEVER',
    'RERANKER',
    'TOOL',
    'AGENT',
    'GUARDRAIL',
    'EVALUATOR',
  ),
  'traceloop.span.kind': oneOf('workflow', 'task', 'agent', 'tool'),
  'langsmith.span.kind': oneOf('llm', 'chain', 'tool', 'retriever', 'embedding', 'prompt', 'parser'),
  'langfuse.observation.type': oneOf('span', 'generation', 'event', 'agent', 'tool', 'chain', 'retriever', 'embedding'),
  'llm.request.type': oneOf('chat', 'completion', 'rerank', 'embedding'),
};

/** Attributes of a span, an event or a log record that are not `other`; `isTool` where it is a call of a tool. */
function exactly(isTool: boolean): Keys {
  return {
    ...spanKinds,
    ...named(['gen_ai.provider.name', 'gen_ai.system', 'llm.system'], oneOf(...providers, ...moreProviders)),
    'gen_ai.output.type': oneOf('text', 'json', 'image', 'speech'),
    'gen_ai.tool.type': oneOf('function', 'extension', 'datastore'),
    'gen_ai.response.finish_reasons': inAnyValue({ each: finishReason }),
    ...named(
      [
        ...usage.flatMap((name) => [`gen_ai.usage.${name}`, `llm.usage.${name}`]),
        ...['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'],
        ...['llm.token_count.prompt', 'llm.token_count.completion', 'llm.token_count.total'],
        ...['gen_ai.request.choice.count', 'gen_ai.request.max_tokens', 'index', 'gen_ai.choice.index'],
      ],
      { keys: { intValue: countText } },
    ),
    ...named(['llm.is_streaming', 'gen_ai.request.stream'], { keys: { boolValue: told(flag) } }),
    ...named(['gen_ai.input.messages', 'gen_ai.output.messages', 'ai.prompt.messages'], messageList(messagesLayout)),
    'gen_ai.system_instructions': messageList(instructions),
    ...named(['gen_ai.prompt', 'ai.prompt', 'llm.prompts'], saying('prompt')),
    ...named(['gen_ai.completion', 'ai.response.text', 'llm.completions', 'ai.response.object'], saying('response')),
    ...named(['ai.response.reasoning', 'gen_ai.reasoning'], to('reasoning')),
    ...named(
      ['input.value', 'traceloop.entity.input', 'langfuse.observation.input'],
      saying(isTool ? 'tool.input' : 'prompt'),
    ),
    ...named(
      ['output.value', 'traceloop.entity.output', 'langfuse.observation.output'],
      saying(isTool ? 'tool.output' : 'response'),
    ),
    ...named(['input.mime_type', 'output.mime_type'], oneOf('text/plain', 'application/json')),
    ...named(
      [
        ...['gen_ai.tool.name', 'gen_ai.tool.call.id', 'gen_ai.tool.call.arguments', 'tool.name', 'tool.parameters'],
        ...[
          'ai.toolCall.name',
          'ai.toolCall.id',
          'ai.toolCall.args',
          'ai.response.toolCalls',
          'tool_call.function.arguments',
        ],
      ],
      to('tool.input'),
    ),
    ...named(['gen_ai.tool.call.result', 'gen_ai.tool.message', 'ai.toolCall.result'], to('tool.output')),
  };
}
const ofModel = exactly(false);
const ofTool = exactly(true);
const toolKinds = ['execute_tool', 'TOOL', 'tool'];

/**
 * Messages laid out in keys: `gen_ai.prompt.0.content` (Traceloop), `llm.input_messages.0.message.content`
 * (OpenInference). Whose a content is, another attribute tells: `gen_ai.prompt.0.role`.
 */
const indexed =
  /^((?:gen_ai\.prompt|gen_ai\.completion|llm\.prompts|llm\.completions|llm\.input_messages|llm\.output_messages)\.\d{1,4})\.(?:message\.)?(.+)$/;
const suffixes: readonly [RegExp, (own: FieldName) => Layout][] = [
  [/^role$/, () => oneOf(...Object.keys(contentFields))],
  [/^finish_reason$/, () => ({ keys: { stringValue: finishReason } })],
  [/^(content|refusal|contents\.\d{1,4}\.message_content\.(text|image\.image\.url))$/, to],
  [/^contents\.\d{1,4}\.message_content\.type$/, () => oneOf('text', 'image', 'audio')],
  [/^(reasoning|reasoning_content|thinking)$/, () => to('reasoning')],
  [
    /^tool_calls\.\d{1,4}\.(tool_call\.)?(id|type|name|arguments|function\.name|function\.arguments)$/,
    () => to('tool.input'),
  ],
  [
    /^(function_call\.name|function_call\.arguments|function_call_name|function_call_arguments_json)$/,
    () => to('tool.input'),
  ],
  [/^tool_call_id$/, () => to('tool.output')],
];

/** Attributes, each by its name and what the others say of it. `besides` are names that mean something in one event. */
export const attributesLayout = (besides: Keys = {}): Layout => ({
  choose: (attributes) => {
    const list = Array.isArray(attributes) ? (attributes as readonly Json[]) : [];
    const kinds = list.filter((one) => Object.hasOwn(spanKinds, nameOf(one)));
    const isTool = kinds.some((one) => toolKinds.includes(plainOf(partOf(one, 'value')) as string));
    const known = isTool ? ofTool : ofModel;
    const roles = rolesIn(list);
    return { each: { choose: (attribute) => attributeLayout(nameOf(attribute), [besides, known], roles) } };
  },
});

function attributeLayout(name: string, tables: readonly Keys[], roles: ReadonlyMap<string, FieldName>): Layout {
  const table = tables.find((one) => Object.hasOwn(one, name));
  const value = table === undefined ? indexedValue(name, roles) : table[name];
  return value === undefined ? whole('other', anything) : { keys: { key: word(name), value } };
}

const nameOf = (attribute: Json): string => {
  const key = partOf(attribute, 'key');
  return typeof key === 'string' ? key : '';
};

/** The field of each message that is laid out in keys, by the beginning of its keys. */
function rolesIn(list: readonly Json[]): ReadonlyMap<string, FieldName> {
  return new Map(
    list.flatMap((one): [string, FieldName][] => {
      const [, message, suffix] = indexed.exec(nameOf(one)) ?? [];
      const role = suffix === 'role' ? plainOf(partOf(one, 'value')) : undefined;
      const known = typeof role === 'string' && Object.hasOwn(contentFields, role);
      return message !== undefined && known ? [[message, contentFields[role] as FieldName]] : [];
    }),
  );
}

function indexedValue(name: string, roles: ReadonlyMap<string, FieldName>): Layout | undefined {
  const [, message = '', suffix = ''] = indexed.exec(name) ?? [];
  const isAnswer = /^(gen_ai\.completion|llm\.completions|llm\.output_messages)/.test(message);
  const own = roles.get(message) ?? (isAnswer ? 'response' : 'prompt');
  return suffixes.find(([pattern]) => pattern.test(suffix))?.[1](own);
}
