import type { FieldName } from '../../log/fields.js';
import type { Json, JsonObject, Parts } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';

/** Whose content it is: by the role, which is told in clear only where it is one of these. */
export const contentFields: Readonly<Record<string, FieldName>> = {
  system: 'prompt',
  developer: 'prompt',
  user: 'prompt',
  assistant: 'response',
  tool: 'tool.output',
  function: 'tool.output',
};

/** Items of a content list that are of another field than the role's. */
const itemFields: Readonly<Record<string, FieldName>> = {
  reasoning: 'reasoning',
  summary_text: 'reasoning',
  thinking: 'reasoning',
  redacted_thinking: 'reasoning',
  function_call: 'tool.input',
  tool_call: 'tool.input',
  tool_use: 'tool.input',
  function_call_output: 'tool.output',
  tool_result: 'tool.output',
};
const roleItems = new Set(['text', 'input_text', 'output_text', 'refusal', 'image_url', 'input_image', 'input_audio']);

function itemField(item: Json, role: string): FieldName {
  const type = partOf(item, 'type');
  if (typeof type !== 'string') return 'other';
  if (Object.hasOwn(itemFields, type)) return itemFields[type] as FieldName;
  return roleItems.has(type) ? (contentFields[role] as FieldName) : 'other';
}

/**
 * Content that is a list may hold items of several fields: a model's reasoning beside its answer, a tool's output
 * beside a question. The role's field has its items as `content`, any other as `items`, which is no key of a message.
 * The kind tells whose each item is, in order.
 */
export function splitItems(parts: Parts, role: string, content: Json[]): Parts {
  const lists = new Map<FieldName, Json[]>();
  const fields = content.map((item) => {
    const field = itemField(item, role);
    const list = lists.get(field);
    if (list === undefined) lists.set(field, [item]);
    else list.push(item);
    return field;
  });
  const own = contentFields[role] as FieldName;
  const split: Partial<Record<FieldName, Json>> = {
    ...parts,
    kind: { ...objectOf(parts.kind), items: fields },
    [own]: { ...objectOf(parts[own]), content: lists.get(own) ?? [] },
  };
  for (const [field, items] of lists) if (field !== own) split[field] = { ...objectOf(parts[field]), items };
  return split;
}

/** The items in their order; undefined for one of a field that is not here. */
export function joinItems(parts: Parts, fields: readonly FieldName[]): readonly (Json | undefined)[] {
  const used = new Map<FieldName, number>();
  return fields.map((field) => {
    const index = used.get(field) ?? 0;
    used.set(field, index + 1);
    const list = partOf(parts[field], 'items') ?? partOf(parts[field], 'content');
    return Array.isArray(list) ? (list[index] as Json) : undefined;
  });
}

const objectOf = (part: Json | undefined): JsonObject => (isObject(part) ? part : {});
