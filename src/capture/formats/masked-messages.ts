import type { Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isFrame, type Frame } from './frames.js';
import { maskLayout, type Placeholders } from './split-layout.js';

export const hidden = '[masked]';

/** Placeholders for what messages hold, in all the forms in which APIs write them. */
export const messagePlaceholders = {
  content: hidden,
  'content[]': { type: 'text', text: hidden },
  text: hidden,
  refusal: hidden,
  thinking: hidden,
  image_url: hidden,
  id: hidden,
  call_id: hidden,
  tool_use_id: hidden,
  tool_call_id: hidden,
  name: hidden,
  arguments: '{}',
  input: {},
  output: hidden,
  summary: [],
} as const;

/** A message of the texts that were granted, whose kind was not: the field tells who said them. */
export interface MessageTold {
  readonly role: 'user' | 'assistant' | 'tool';
  readonly content: readonly JsonObject[];
}

/** How a format shows a record, as far as it was granted. */
export interface Masking {
  readonly placeholders: (record: MaskedRecord) => Placeholders;
  readonly message: (told: MessageTold, record: MaskedRecord) => Json;
}

/** Every record keeps its place, as far as its kind was granted, or something of what was said in it. */
export const maskRecords = (records: readonly MaskedRecord[], { placeholders, message }: Masking): Json[] =>
  records.flatMap((record) => {
    const masked = maskLayout(record.parts, placeholders(record));
    if (masked !== undefined) return [masked];
    const content = itemsTold(record.parts);
    return content.length === 0 ? [] : [message({ role: roleTold(record.parts), content }, record)];
  });

/** Masked records of a document, which `first` begins where its own beginning was not granted. */
export function beginDocument(masked: readonly Json[], first: Frame): Json[] {
  const [beginning] = masked;
  return isFrame(beginning) && beginning.of !== undefined ? [...masked] : [first as Json, ...masked];
}

function itemsTold(parts: Parts): JsonObject[] {
  return [
    ...textsOf(parts.reasoning).map((thinking) => ({ type: 'thinking', thinking })),
    ...[parts.prompt, parts.response].flatMap(textsOf).map((text) => ({ type: 'text', text })),
    ...textsOf(parts['tool.output']).map((content) => ({ type: 'tool_result', tool_use_id: hidden, content })),
    ...textsOf(parts['tool.input']).map((text) => ({ type: 'tool_use', id: hidden, name: hidden, input: { text } })),
  ];
}

/** The values of a part that hold anything, each as a text. */
function textsOf(part: Json | undefined): string[] {
  const values = Array.isArray(part) ? (part as readonly Json[]) : [];
  return values
    .filter((value) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
}

function roleTold(parts: Parts): MessageTold['role'] {
  if (parts.prompt !== undefined) return 'user';
  return parts['tool.output'] === undefined ? 'assistant' : 'tool';
}
