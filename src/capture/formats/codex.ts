import type { Format, Json, JsonObject } from './format.js';
import { codexLine } from './codex-layout.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { hidden, maskRecords, messagePlaceholders, type Masking, type MessageTold } from './masked-messages.js';
import { joinLayout, splitLayout } from './split-layout.js';
import { cutTimedLines, joinLines, timedLinesCutter } from './timed-lines.js';

/**
 * Sessions of Codex (`~/.codex/sessions/…/rollout-*.jsonl`): lines of `{timestamp, type, payload}`, and the flat
 * lines of before, which were the items themselves after a line about the session.
 */
export const codex: Format = {
  name: 'codex',
  recognise: ({ lines: [first = null] }) => isRolloutLine(first) || isFlatMeta(first),
  cut: (file, startedAt) => cutTimedLines(file, startedAt, isLine),
  cutter: (startedAt) => timedLinesCutter(startedAt, isLine),
  decompose: (data) => splitLayout(data, codexLine),
  reassemble: joinLayout,
  mask: (records) => maskRecords(records, masking),
  assemble: joinLines,
};

const isRolloutLine = (line: Json): boolean =>
  typeof partOf(line, 'timestamp') === 'string' &&
  typeof partOf(line, 'type') === 'string' &&
  isObject(partOf(line, 'payload'));
/** What the older layout began with. */
const isFlatMeta = (line: Json): boolean =>
  ['id', 'timestamp'].every((key) => typeof partOf(line, key) === 'string') &&
  ['instructions', 'git'].some((key) => partOf(line, key) !== undefined);
const isLine = (line: Json): boolean =>
  isFlatMeta(line) || ['type', 'record_type'].some((key) => typeof partOf(line, key) === 'string');

const masking: Masking = {
  placeholders: ({ time }) => ({
    ...messagePlaceholders,
    timestamp: new Date(time).toISOString(),
    message: hidden,
    'summary[]': { type: 'summary_text', text: hidden },
    command: [],
    cwd: '/',
    instructions: hidden,
  }),
  message: (told, { time }) => ({
    timestamp: new Date(time).toISOString(),
    type: 'response_item',
    payload: payloadOf(told),
  }),
};

function payloadOf({ role, content }: MessageTold): Json {
  const text = content.map((item) => textIn(item)).join('\n');
  if (content.every(({ type }) => type === 'thinking'))
    return { type: 'reasoning', summary: [{ type: 'summary_text', text }] };
  if (content.every(({ type }) => type === 'tool_use')) {
    return { type: 'custom_tool_call', call_id: hidden, name: hidden, input: text };
  }
  if (role === 'tool') return { type: 'custom_tool_call_output', call_id: hidden, output: text };
  return { type: 'message', role, content: [{ type: role === 'user' ? 'input_text' : 'output_text', text }] };
}

const textIn = ({ text, thinking, content, input }: JsonObject): string =>
  (text ?? thinking ?? content ?? (input as JsonObject)['text']) as string;
