import type { FieldName } from '../../log/fields.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import { contentOf } from './message-layout.js';
import { anything, count, finiteOrNull, nothing, type Shape } from './shapes.js';

/** A call of a tool that the API itself makes has call and answer in one item. */
interface ToolItem {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
}

const call = (...input: readonly string[]): ToolItem => ({ input: ['id', 'call_id', ...input] });
const answer = (...output: readonly string[]): ToolItem => ({ output: ['id', 'call_id', ...output] });

/** Items of OpenAI's Responses API that are no messages, by type; Codex keeps the same ones. */
const toolItems: Readonly<Record<string, ToolItem>> = {
  function_call: call('name', 'namespace', 'arguments'),
  function_call_output: answer('output'),
  custom_tool_call: call('name', 'namespace', 'input'),
  custom_tool_call_output: answer('name', 'output'),
  local_shell_call: call('action'),
  local_shell_call_output: answer('output'),
  shell_call: call('action', 'environment'),
  shell_call_output: answer('output', 'max_output_length'),
  apply_patch_call: call('operation'),
  apply_patch_call_output: answer('output'),
  computer_call: call('action', 'actions', 'pending_safety_checks'),
  computer_call_output: answer('output', 'acknowledged_safety_checks'),
  file_search_call: { ...call('queries'), output: ['results'] },
  web_search_call: { ...call('action'), output: ['results'] },
  code_interpreter_call: { ...call('code', 'container_id'), output: ['outputs'] },
  image_generation_call: { ...call('revised_prompt'), output: ['result'] },
  mcp_call: { ...call('name', 'server_label', 'arguments', 'approval_request_id'), output: ['output', 'error'] },
  mcp_list_tools: answer('tools', 'server_label', 'error'),
  mcp_approval_request: call('name', 'server_label', 'arguments'),
  mcp_approval_response: call('approval_request_id', 'reason'),
  tool_search_call: call('arguments'),
  tool_search_output: answer('tools'),
};

const statuses = word(
  'in_progress',
  'completed',
  'incomplete',
  'searching',
  'generating',
  'interpreting',
  'failed',
  'calling',
);
const flagOrNull: Shape = (value) => value === null || typeof value === 'boolean';

const toolItem = (type: string, { input = [], output = [] }: ToolItem): Layout => ({
  keys: {
    type: word(type),
    status: statuses,
    execution: word('client', 'server'),
    approve: told(flagOrNull),
    ...allTo('tool.input', anything, ...input),
    ...allTo('tool.output', anything, ...output),
  },
});

const itemsOf = (field: FieldName): Layout => ({
  choose: (value) => (Array.isArray(value) ? contentOf(field) : whole(field, (one) => one === null)),
});

export const responseItems: Readonly<Record<string, Layout>> = {
  ...Object.fromEntries(Object.entries(toolItems).map(([type, item]) => [type, toolItem(type, item)])),
  reasoning: {
    keys: {
      type: word('reasoning'),
      status: statuses,
      summary: itemsOf('reasoning'),
      content: itemsOf('reasoning'),
      encrypted_content: whole('reasoning', anything),
    },
  },
  // What was said before, in a form that only the API reads.
  compaction: compaction('compaction'),
  compaction_summary: compaction('compaction_summary'),
};

function compaction(type: string): Layout {
  return { keys: { type: word(type), encrypted_content: whole('response', anything) } };
}

const details = (...names: readonly string[]): Layout => ({
  choose: (value) =>
    value === null ? told(nothing) : { keys: Object.fromEntries(names.map((name) => [name, told(finiteOrNull)])) },
});

/** What a model used, as each API counts it. */
export const usage: Layout = {
  choose: (value) =>
    value === null
      ? told(nothing)
      : {
          keys: {
            ...Object.fromEntries(counts.map((name) => [name, told(count)])),
            prompt_tokens_details: details('cached_tokens', 'audio_tokens'),
            input_tokens_details: details('cached_tokens', 'audio_tokens', 'text_tokens', 'image_tokens'),
            completion_tokens_details: details(...outputDetails),
            output_tokens_details: details(...outputDetails),
          },
        },
};
const counts = ['prompt_tokens', 'completion_tokens', 'total_tokens', 'input_tokens', 'output_tokens'];
const outputDetails = ['reasoning_tokens', 'audio_tokens', 'accepted_prediction_tokens', 'rejected_prediction_tokens'];
