import { allTo, told, whole, word, type Layout } from './layout.js';
import { byType, contentOf, messageLayout, type Keys } from './message-layout.js';
import { amount, anything, count, flag, nothing, text } from './shapes.js';
import { dateText } from './timed-lines.js';

/** What almost every line has. Where somebody worked, and on what, is no field of its own: it is `other`. */
const envelope: Keys = {
  timestamp: whole('time', dateText),
  ...allTo('other', anything, 'uuid', 'parentUuid', 'logicalParentUuid', 'sessionId', 'session_id', 'requestId'),
  ...allTo('other', anything, 'cwd', 'gitBranch', 'version', 'slug', 'agentId', 'entrypoint', 'leafUuid', 'messageId'),
  ...Object.fromEntries(
    [
      'isSidechain',
      'isMeta',
      'isCompactSummary',
      'isVisibleInTranscriptOnly',
      'isApiErrorMessage',
      'isSnapshotUpdate',
    ].map((name) => [name, told(flag)]),
  ),
  userType: word('external', 'internal', 'ant'),
  permissionMode: word('default', 'acceptEdits', 'plan', 'bypassPermissions', 'dontAsk', 'auto'),
};

const counted = (...names: readonly string[]): Layout => ({
  keys: Object.fromEntries(names.map((name) => [name, told(count)])),
});
const orNull = (layout: Layout): Layout => ({ choose: (value) => (value === null ? told(nothing) : layout) });

const tokens = ['input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'];
/** What Anthropic's Messages API puts around the content. */
const apiKeys: Keys = {
  ...allTo('other', anything, 'id', 'model', 'container', 'context_management'),
  stop_reason: orNull(
    word(
      'end_turn',
      'max_tokens',
      'stop_sequence',
      'tool_use',
      'pause_turn',
      'refusal',
      'model_context_window_exceeded',
    ),
  ),
  stop_sequence: orNull(whole('response', text)),
  usage: {
    keys: {
      ...Object.fromEntries(tokens.map((name) => [name, told(count)])),
      cache_creation: counted('ephemeral_5m_input_tokens', 'ephemeral_1h_input_tokens'),
      server_tool_use: orNull(counted('web_search_requests', 'web_fetch_requests')),
      service_tier: orNull(word('standard', 'priority', 'batch')),
    },
  },
};

/** Answers of hooks stand among what the model is told; what a user sent while it worked is asked of it. */
const attachments = byType({
  queued_command: { keys: { type: word('queued_command'), prompt: contentOf('prompt') } },
  ...Object.fromEntries(
    ['hook_success', 'hook_error', 'hook_blocking_error', 'hook_non_blocking_error', 'hook_additional_context'].map(
      (type) => [
        type,
        {
          keys: {
            type: word(type),
            ...allTo('tool.output', anything, 'content', 'stdout', 'stderr', 'exitCode', 'toolUseID'),
            ...allTo('tool.input', anything, 'command', 'hookName', 'hookEvent'),
            durationMs: whole('time', amount),
          },
        },
      ],
    ),
  ),
});

const systemSubtypes = word(
  ...['local_command', 'compact_boundary', 'microcompact_boundary', 'api_error', 'informational', 'turn_duration'],
  ...['stop_hook_summary', 'away_summary', 'init', 'status'],
);

const spoken = (role: string): Keys => ({
  message: messageLayout(() => apiKeys, role),
  toolUseResult: whole('tool.output', anything),
});

/** Types of lines, and what each has besides. */
const lines: Readonly<Record<string, Keys>> = {
  user: spoken('user'),
  assistant: spoken('assistant'),
  system: {
    subtype: systemSubtypes,
    level: word('info', 'warning', 'error', 'suggestion'),
    durationMs: whole('time', amount),
    compactMetadata: {
      keys: {
        trigger: word('auto', 'manual'),
        ...allTo('kind', count, 'preTokens', 'postTokens', 'messagesSummarized'),
      },
    },
  },
  summary: allTo('response', text, 'summary'),
  'ai-title': allTo('response', text, 'aiTitle'),
  'custom-title': allTo('prompt', text, 'customTitle'),
  'last-prompt': allTo('prompt', text, 'lastPrompt'),
  attachment: { attachment: attachments },
  'queue-operation': { operation: word('enqueue', 'dequeue', 'remove', 'popAll'), content: contentOf('prompt') },
  progress: allTo('tool.output', anything, 'toolUseID', 'parentToolUseID'),
  'permission-mode': {},
  mode: {},
  'file-history-snapshot': {},
  // What `claude -p --output-format stream-json` ends with.
  result: {
    subtype: word('success', 'error_max_turns', 'error_during_execution'),
    is_error: told(flag),
    num_turns: told(count),
    result: contentOf('response'),
    ...allTo('time', amount, 'duration_ms', 'duration_api_ms'),
  },
};

const layouts: Readonly<Record<string, Layout>> = Object.fromEntries(
  Object.entries(lines).map(([type, keys]) => [type, { keys: { type: word(type), ...envelope, ...keys } }]),
);

export const claudeLine: Layout = byType(layouts);
