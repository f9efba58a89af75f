import fc from 'fast-check';
import type { Json } from './format.js';

/** Words that formats of transcripts tell in clear, where they stand in their own place. */
export const words = [
  ...['user', 'assistant', 'tool', 'system', 'text', 'thinking', 'tool_use', 'tool_result', 'image_url', 'message'],
  ...['reasoning', 'function_call', 'function_call_output', 'local_shell_call', 'custom_tool_call', 'web_search_call'],
  ...['summary', 'attachment', 'queue-operation', 'queued_command', 'hook_success', 'external', 'default', 'enqueue'],
  ...['response_item', 'event_msg', 'session_meta', 'turn_context', 'compacted', 'user_message', 'exec_command_end'],
  ...['token_count', 'agent_message', 'interrupted', 'state', 'input_text', 'summary_text', 'end_turn', 'standard'],
  ...['gen_ai.input.messages', 'gen_ai.prompt.0.role', 'gen_ai.prompt.0.content', 'gen_ai.user.message', 'input.value'],
  ...['gen_ai.operation.name', 'execute_tool', 'gen_ai.choice', 'resourceSpans', 'spans', 'GENERATION', 'INFO'],
  ...['completed', 'stop', 'submitted', 'messages', 'trajectory', 'history', 'function', 'chat.completion'],
];

const keys = [
  ...['role', 'type', 'content', 'text', 'thinking', 'signature', 'tool_calls', 'function', 'arguments', 'id', 'name'],
  ...['input', 'output', 'tool_use_id', 'is_error', 'summary', 'encrypted_content', 'action', 'call_id', 'status'],
  ...['frame', 'of', 'messages', 'choices', 'delta', 'message', 'index', 'finish_reason', 'usage', 'prompt_tokens'],
  ...['trajectory', 'history', 'observation', 'thought', 'state', 'query', 'execution_time', 'info', 'exit_status'],
  ...['model_stats', 'total_cost', 'is_demo', 'message_type', 'reasoning_content', 'cache_control', 'image_url'],
  ...['payload', 'timestamp', 'uuid', 'toolUseResult', 'attachment', 'subtype', 'isSidechain', 'record_type', 'info'],
  ...['instructions', 'git', 'stdout', 'duration', 'exit_code', 'changes', 'replacement_history', 'stop_reason'],
  ...['compactMetadata', 'preTokens', 'lastPrompt', 'operation', 'source', 'reason', 'last_agent_message', 'userType'],
  ...['attributes', 'key', 'value', 'stringValue', 'kvlistValue', 'arrayValue', 'values', 'intValue', 'event', 'body'],
  ...['events', 'startTimeUnixNano', 'eventName', 'startTime', 'parts', 'traceId', 'resourceSpans', 'scopeSpans'],
  ...['unknown', '?0', '?text', '=x', '', '__proto__', 'constructor', 'prompt', 'kind', '0'],
];

const odd = fc.oneof(
  { arbitrary: fc.constantFrom(...words), weight: 4 },
  { arbitrary: fc.string(), weight: 2 },
  fc.constantFrom(
    '\ud800',
    '\udc00 x',
    '=user',
    '?0',
    'kind',
    'other',
    '',
    '\u0000',
    '{"role":"user"}',
    '[{"role":"user","content":"x","y":[1e400]}]',
  ),
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 53, 1e308, 5e-324, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(true, false, null),
);

/** Things that look like parts of a transcript, put together at random. */
export const transcripts: fc.Arbitrary<Json> = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, depthSize: 'medium' },
    odd as fc.Arbitrary<Json>,
    { arbitrary: fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 8 }), weight: 4 },
    { arbitrary: fc.array(tie('tree'), { maxLength: 4 }), weight: 2 },
    {
      arbitrary: fc
        .tuple(
          fc.constantFrom('role', 'type', 'frame', 'key', 'eventName', 'stringValue'),
          fc.constantFrom(...words),
          fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 6 }),
        )
        .map(([key, value, rest]) => ({ [key]: value, ...rest })),
      weight: 4,
    },
  ) as fc.Arbitrary<Json>,
})).tree;
