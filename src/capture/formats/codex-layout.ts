import type { FieldName } from '../../log/fields.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { allTo, told, whole, word, type Layout } from './layout.js';
import { byType, contentFields, contentOf, messageLayout, type Keys } from './message-layout.js';
import { responseItems } from './response-items.js';
import { anything, count, flag, listOrNull, nothing, text, textOrNull } from './shapes.js';
import { dateText } from './timed-lines.js';

const timestamp = { timestamp: whole('time', dateText) };
/** What a session is about: where, in which repository, with which program. */
const about = allTo(
  'other',
  anything,
  'id',
  'turn_id',
  'cwd',
  'originator',
  'cli_version',
  'source',
  'model_provider',
  'git',
  'model',
);

const message = messageLayout(() => ({ ...timestamp, end_turn: told(flag) }));
const otherItems = byType(withKeys(responseItems, timestamp));
/** What went to a model or came from it. */
const item: Layout = {
  choose: (value) => {
    const role = partOf(value, 'role');
    return typeof role === 'string' && Object.hasOwn(contentFields, role) ? message : otherItems;
  },
};

function withKeys(layouts: Readonly<Record<string, Layout>>, besides: Keys): Record<string, Layout> {
  return Object.fromEntries(
    Object.entries(layouts).map(([type, layout]) => [
      type,
      'keys' in layout ? { keys: { ...layout.keys, ...besides } } : layout,
    ]),
  );
}

const instructions = allTo(
  'prompt',
  anything,
  'instructions',
  'base_instructions',
  'user_instructions',
  'developer_instructions',
);
const exitCode = told((value) => Number.isSafeInteger(value));
const tokens = ['input_tokens', 'cached_input_tokens', 'output_tokens', 'reasoning_output_tokens', 'total_tokens'];
const tokenCounts: Layout = { keys: Object.fromEntries(tokens.map((name) => [name, told(count)])) };

/** Keys that mean the same in every event. */
const eventKeys: Keys = {
  ...allTo('other', anything, 'turn_id', 'process_id', 'rate_limits'),
  ...allTo('time', anythingButText, 'duration', 'started_at', 'completed_at', 'duration_ms'),
  ...allTo(
    'tool.input',
    anything,
    'call_id',
    'command',
    'parsed_cmd',
    'cwd',
    'interaction_input',
    'changes',
    'invocation',
  ),
  ...allTo('tool.output', anything, 'stdout', 'stderr', 'aggregated_output', 'formatted_output', 'result'),
  exit_code: exitCode,
  status: word('completed', 'failed', 'declined', 'in_progress'),
  success: told(flag),
  auto_approved: told(flag),
  source: word('agent', 'user_shell', 'unified_exec_startup', 'unified_exec_interaction'),
  phase: word('commentary', 'final_answer'),
  model_context_window: told((value) => value === null || count(value)),
};
function anythingButText(value: Parameters<typeof text>[0]): boolean {
  if (typeof value === 'number') return true;
  return (
    isObject(value) &&
    Object.keys(value).every((key) => (key === 'secs' || key === 'nanos') && count(value[key] ?? null))
  );
}

const events: Readonly<Record<string, Keys>> = {
  user_message: {
    message: whole('prompt', text),
    ...allTo('prompt', listOrNull, 'images', 'local_images', 'text_elements'),
    kind: word('plain', 'user_instructions', 'environment_context'),
  },
  agent_message: saying('response', 'message'),
  agent_reasoning: saying('reasoning', 'text'),
  agent_reasoning_raw_content: saying('reasoning', 'text'),
  agent_reasoning_section_break: {},
  token_count: {
    info: {
      choose: (value) =>
        value === null
          ? told(nothing)
          : {
              keys: {
                total_token_usage: tokenCounts,
                last_token_usage: tokenCounts,
                model_context_window: told((one) => one === null || count(one)),
              },
            },
    },
  },
  ...Object.fromEntries(
    ['exec_command', 'patch_apply', 'mcp_tool_call'].flatMap((name) => [
      [`${name}_begin`, {}],
      [`${name}_end`, {}],
    ]),
  ),
  web_search_begin: {},
  web_search_end: allTo('tool.input', anything, 'query', 'action'),
  view_image_tool_call: allTo('tool.input', anything, 'path'),
  image_generation_end: allTo('tool.input', anything, 'revised_prompt'),
  turn_diff: saying('tool.output', 'unified_diff'),
  plan_update: allTo('tool.input', anything, 'explanation', 'plan'),
  task_started: {},
  turn_started: {},
  task_complete: allTo('response', textOrNull, 'last_agent_message'),
  turn_complete: allTo('response', textOrNull, 'last_agent_message'),
  turn_aborted: { reason: word('interrupted', 'replaced', 'review_ended', 'budget_limited') },
  context_compacted: {},
  exited_review_mode: allTo('response', anything, 'review_output'),
};
function saying(field: FieldName, key: string): Keys {
  return { [key]: whole(field, text) };
}

const payloads: Readonly<Record<string, Layout>> = {
  session_meta: { keys: { ...about, ...instructions, ...timestamp } },
  response_item: item,
  event_msg: byType(
    Object.fromEntries(
      Object.entries(events).map(([type, keys]) => [type, { keys: { type: word(type), ...eventKeys, ...keys } }]),
    ),
  ),
  compacted: {
    keys: {
      message: contentOf('response'),
      replacement_history: { choose: (value) => (value === null ? told(nothing) : { each: item }) },
    },
  },
  turn_context: {
    keys: {
      ...about,
      ...instructions,
      ...allTo('other', anything, 'sandbox_policy', 'permission_profile', 'network', 'timezone', 'current_date'),
      approval_policy: word('never', 'on-request', 'on-failure', 'untrusted', 'unless-trusted'),
      effort: word('none', 'minimal', 'low', 'medium', 'high', 'xhigh'),
      summary: word('auto', 'concise', 'detailed', 'none'),
    },
  },
};
const lines: Readonly<Record<string, Layout>> = Object.fromEntries(
  Object.entries(payloads).map(([type, payload]) => [type, { keys: { type: word(type), ...timestamp, payload } }]),
);

const line = byType(lines);

/** The first line of the older layout, and lines that it wrote between the items. */
const flatMeta: Layout = { keys: { ...about, ...instructions, ...timestamp, record_type: word('state') } };

export const codexLine: Layout = {
  choose: (value) => {
    if (partOf(value, 'payload') !== undefined) return line;
    return isObject(value) && value['type'] === undefined && value['role'] === undefined ? flatMeta : item;
  },
};
