import type { Json, MaskedRecord, Parts } from './format.js';
import { isFrame, type Frame } from './frames.js';
import { maskLayout, type Placeholders } from './split-layout.js';

export const hidden = '[masked]';

/** Every record keeps its place, as far as its kind was granted, or something of what was said in it. */
export function maskRecords(records: readonly MaskedRecord[], first: Frame, placeholders: Placeholders): Json[] {
  const masked = records.flatMap(({ parts }) => maskLayout(parts, placeholders) ?? messageTold(parts) ?? []);
  const [beginning] = masked;
  return isFrame(beginning) && beginning.of !== undefined ? masked : [first as Json, ...masked];
}

/** A message of the texts that were granted, whose kind was not: who said them is told by the field. */
export function messageTold(parts: Parts): Json | undefined {
  const content = itemsTold(parts);
  if (content.length === 0) return undefined;
  return { role: roleTold(parts), content };
}

function itemsTold(parts: Parts): Json[] {
  return [
    ...textsOf(parts.reasoning).map((thinking) => ({ type: 'thinking', thinking })),
    ...[parts.prompt, parts.response, parts['tool.output']].flatMap(textsOf).map((text) => ({ type: 'text', text })),
    ...textsOf(parts['tool.input']).map((input) => ({
      type: 'tool_use',
      id: hidden,
      name: hidden,
      input: { text: input },
    })),
  ];
}

/** The values of a part, each as a text. */
export const textsOf = (part: Json | undefined): string[] =>
  Array.isArray(part) ? part.map((value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))) : [];

function roleTold(parts: Parts): string {
  if (parts.prompt !== undefined) return 'user';
  return parts['tool.output'] === undefined ? 'assistant' : 'tool';
}
