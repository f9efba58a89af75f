import type { Json } from './format.js';

/**
 * Made for the tests, from the documented shapes: no recording of a real session of these two programs is at hand.
 * Claude Code says that its format is internal; what is here was described by those who read it (versions 2.0 to
 * 2.1). Codex's is in its source, `codex-rs/protocol` (rollout lines, and the flat layout before 2025-09).
 */
const lines = (...all: readonly Json[]): Uint8Array =>
  Buffer.from(all.map((one) => `${JSON.stringify(one)}\n`).join(''));

const at = (second: number) => `2026-01-05T09:00:${String(second).padStart(2, '0')}.123Z`;
const claude = (second: number, type: string, besides: { readonly [key: string]: Json }): Json => ({
  parentUuid: second === 0 ? null : `a0000000-0000-4000-8000-0000000000${String(second + 9)}`,
  isSidechain: false,
  userType: 'external',
  cwd: '/home/anna/ledger',
  sessionId: '5f1f0a9e-1111-4222-8333-944455556666',
  version: '2.1.1',
  gitBranch: 'feature/totals',
  type,
  ...besides,
  uuid: `a0000000-0000-4000-8000-0000000000${String(second + 10)}`,
  timestamp: at(second),
});

const claudeUsage = {
  input_tokens: 4,
  cache_creation_input_tokens: 812,
  cache_read_input_tokens: 15_000,
  cache_creation: { ephemeral_5m_input_tokens: 812, ephemeral_1h_input_tokens: 0 },
  output_tokens: 41,
  service_tier: 'standard',
};
const claudeAnswer = (content: Json, stop: string | null): Json => ({
  model: 'claude-opus-4-5-20251101',
  id: 'msg_01A',
  type: 'message',
  role: 'assistant',
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: claudeUsage,
});

export const claudeSession = lines(
  { type: 'summary', summary: 'Totals of the ledger', leafUuid: 'a0000000-0000-4000-8000-000000000010' },
  {
    type: 'file-history-snapshot',
    messageId: 'a0000000-0000-4000-8000-000000000010',
    snapshot: { trackedFileBackups: { 'src/total.ts': { backupFileName: '4f@v1', version: 1 } }, timestamp: at(0) },
    isSnapshotUpdate: false,
  },
  { type: 'queue-operation', operation: 'enqueue', timestamp: at(0), sessionId: 's', content: 'and the tests please' },
  { type: 'permission-mode', permissionMode: 'acceptEdits', sessionId: 's' },
  claude(0, 'user', {
    message: { role: 'user', content: 'Why is the total off by one?' },
    thinkingMetadata: { level: 'high', disabled: false, triggers: [] },
    todos: [],
    permissionMode: 'default',
  }),
  claude(1, 'assistant', {
    message: claudeAnswer([{ type: 'thinking', thinking: 'The loop may skip a row.', signature: 'EqQBCkgIAR' }], null),
    requestId: 'req_011',
  }),
  claude(2, 'assistant', { message: claudeAnswer([{ type: 'text', text: 'I will look at the loop.' }], null) }),
  claude(3, 'assistant', {
    message: claudeAnswer(
      [{ type: 'tool_use', id: 'toolu_01Z', name: 'Bash', input: { command: 'cat src/total.ts', timeout: 1000 } }],
      'tool_use',
    ),
  }),
  claude(4, 'user', {
    message: {
      role: 'user',
      content: [{ tool_use_id: 'toolu_01Z', type: 'tool_result', content: 'for (let i = 1; …', is_error: false }],
    },
    toolUseResult: {
      stdout: 'for (let i = 1; …',
      stderr: 'a warning of the shell',
      interrupted: false,
      isImage: false,
    },
    sourceToolAssistantUUID: 'a0000000-0000-4000-8000-000000000013',
  }),
  claude(5, 'user', {
    message: {
      role: 'user',
      content: [
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgoAAAANSUhEUg' } },
        { type: 'text', text: 'It looks like this.', cache_control: { type: 'ephemeral', ttl: '5m' } },
      ],
    },
    isMeta: true,
  }),
  claude(6, 'attachment', {
    attachment: { type: 'hook_success', hookName: 'PreToolUse:Bash', content: 'admitted', durationMs: 49, exitCode: 0 },
  }),
  claude(7, 'attachment', { attachment: { type: 'queued_command', prompt: 'one more thing', commandMode: 'prompt' } }),
  claude(8, 'system', {
    subtype: 'compact_boundary',
    content: 'Conversation compacted',
    level: 'info',
    compactMetadata: { trigger: 'auto', preTokens: 155_000 },
    logicalParentUuid: null,
  }),
  claude(9, 'assistant', {
    message: claudeAnswer([{ type: 'text', text: 'Start at zero.' }], 'end_turn'),
    isSidechain: true,
    agentId: 'agent-7',
  }),
  { type: 'last-prompt', lastPrompt: 'Thank you, that is it.', sessionId: 's' },
  { type: 'a-type-of-next-year', secret: 'whatever it holds', timestamp: at(10) },
);

const codex = (second: number, type: string, payload: Json): Json => ({ timestamp: at(second), type, payload });
const codexTokens = (input: number): Json => ({
  input_tokens: input,
  cached_input_tokens: 0,
  output_tokens: 12,
  reasoning_output_tokens: 3,
  total_tokens: input + 12,
});
const inputText = (text: string): Json => [{ type: 'input_text', text }];

export const codexSession = lines(
  codex(0, 'session_meta', {
    id: '019a0000-0000-7000-8000-000000000001',
    timestamp: at(0),
    cwd: '/home/anna/ledger',
    originator: 'codex_cli_rs',
    cli_version: '0.58.0',
    instructions: 'Keep the house style.',
    source: 'cli',
    git: { commit_hash: 'bfd2593d', branch: 'feature/totals', repository_url: 'git@example.org:ledger' },
  }),
  codex(1, 'response_item', {
    type: 'message',
    role: 'user',
    content: inputText('<environment_context> sandbox </environment_context>'),
  }),
  codex(1, 'turn_context', {
    cwd: '/home/anna/ledger',
    approval_policy: 'on-request',
    sandbox_policy: { mode: 'workspace-write', writable_roots: ['/home/anna'] },
    model: 'gpt-5-codex',
    effort: 'high',
    summary: 'auto',
    user_instructions: 'Answer in Polish.',
  }),
  codex(2, 'event_msg', { type: 'user_message', message: 'Why is the total off by one?', images: [] }),
  codex(3, 'response_item', {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 'Looking at the loop.' }],
    content: null,
    encrypted_content: 'gAAAAABo_encrypted',
  }),
  codex(3, 'event_msg', { type: 'agent_reasoning', text: 'A shorter thought.' }),
  codex(4, 'response_item', {
    type: 'function_call',
    name: 'shell',
    arguments: '{"command":["cat","src/total.ts"]}',
    call_id: 'call_abc',
  }),
  codex(5, 'response_item', {
    type: 'function_call_output',
    call_id: 'call_abc',
    output: '{"output":"for (let i = 1; …","metadata":{"exit_code":0}}',
  }),
  codex(5, 'event_msg', {
    type: 'exec_command_end',
    call_id: 'call_abc',
    turn_id: 'turn-1',
    command: ['cat', 'src/total.ts'],
    cwd: '/home/anna/ledger',
    parsed_cmd: [{ type: 'read', cmd: 'cat src/total.ts', name: 'total.ts' }],
    source: 'agent',
    stdout: 'printed by the command',
    stderr: '',
    aggregated_output: 'printed by the command',
    exit_code: 0,
    duration: { secs: 0, nanos: 51_000_000 },
    formatted_output: 'as the model saw it',
  }),
  codex(6, 'response_item', {
    type: 'local_shell_call',
    status: 'completed',
    call_id: 'call_def',
    action: { type: 'exec', command: ['rm', 'build'], timeout_ms: 10, working_directory: null, env: null, user: null },
  }),
  codex(7, 'response_item', {
    type: 'custom_tool_call',
    status: 'completed',
    call_id: 'call_ghi',
    name: 'apply_patch',
    input: '*** Begin Patch of total.ts',
  }),
  codex(7, 'response_item', {
    type: 'custom_tool_call_output',
    call_id: 'call_ghi',
    output: 'Success. Updated files.',
  }),
  codex(8, 'response_item', {
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'off by one' },
  }),
  codex(8, 'event_msg', {
    type: 'token_count',
    info: { total_token_usage: codexTokens(900), last_token_usage: codexTokens(800), model_context_window: 272_000 },
    rate_limits: {
      primary: { used_percent: 2, window_minutes: 300, resets_at: 1_767_600_000 },
      plan_type: 'team plan',
    },
  }),
  codex(9, 'response_item', {
    type: 'message',
    role: 'assistant',
    content: [{ type: 'output_text', text: 'Start at zero.' }],
  }),
  codex(9, 'event_msg', { type: 'agent_message', message: 'Start the loop at zero.' }),
  codex(10, 'event_msg', { type: 'turn_aborted', reason: 'interrupted' }),
  codex(11, 'compacted', {
    message: 'What was said so far.',
    replacement_history: [{ type: 'message', role: 'user', content: inputText('The first question.') }],
  }),
  codex(12, 'response_item', { type: 'ghost_snapshot', ghost_commit: { id: 'deadbeef', parent: null } }),
  codex(13, 'world_state', { anything: 'of a newer version' }),
);

export const codexFlatSession = lines(
  {
    id: '0b2e0000-0000-4000-8000-000000000001',
    timestamp: at(0),
    instructions: 'Keep the house style.',
    git: { commit_hash: 'bfd2593d', branch: 'main' },
  },
  { record_type: 'state' },
  { type: 'message', id: null, role: 'user', content: inputText('Why is the total off by one?') },
  { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'The loop.' }], encrypted_content: null },
  { type: 'function_call', id: 'fc_1', name: 'shell', arguments: '{"command":["ls"]}', call_id: 'call_1' },
  { type: 'function_call_output', call_id: 'call_1', output: 'total.ts' },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Start at zero.' }] },
);
