import fc from 'fast-check';
import type { Format, Json } from './format.js';
import { formatOf } from './formats.js';
import { transcripts } from './odd-transcripts.spec.js';
import { expectEachTextOnce, fieldsOf } from './placement.spec.js';

const messages = formatOf('messages');
const sweAgent = formatOf('swe-agent');
const claudeCode = formatOf('claude-code');
const codex = formatOf('codex');
const otlp = formatOf('otlp');
const claudeUser = (message: Json): Json => ({ type: 'user', message });
const codexItem = (payload: Json): Json => ({ type: 'response_item', payload });
const codexEvent = (type: string, payload: object): Json => ({ type: 'event_msg', payload: { type, ...payload } });

const said = (stringValue: string): Json => ({ stringValue });
const span = (attributes: { readonly [key: string]: Json }, besides: object = {}): Json =>
  ({ name: '', attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })), ...besides }) as Json;
const spanEvent = (name: string, attributes: { readonly [key: string]: Json }): Json => ({
  event: { name, attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })) },
});
const logBody = (eventName: string, key: string): Json => ({
  eventName,
  body: { kvlistValue: { values: [{ key, value: said('SECRET') }] } },
});

describe('a text of a transcript never comes into a milder class', () => {
  it.each<[string, Format, Json]>([
    ['as an unknown role', messages, { role: 'SECRET', content: 'x' }],
    ['as an unknown key of a message', messages, { role: 'user', content: 'x', SECRET: 1 }],
    ['as an item of an unknown type', messages, { role: 'user', content: [{ type: 'SECRET' }] }],
    ['as an unknown key of an item', messages, { role: 'user', content: [{ type: 'text', text: 'x', SECRET: 1 }] }],
    ['as a text that is a number', messages, { role: 'user', content: { SECRET: 1 } }],
    ['as a reason to finish', messages, { index: 0, message: { role: 'user' }, finish_reason: 'SECRET' }],
    ['as a count of tokens', messages, { frame: ['messages'], of: { usage: { prompt_tokens: 'SECRET' } } }],
    ['as the name of a model', messages, { frame: ['messages'], of: { model: 'SECRET' } }],
    ['as a frame', messages, { frame: ['SECRET'] }],
    ['as an unknown key of a step', sweAgent, { action: 'x', SECRET: 1 }],
    ['as the duration of a step', sweAgent, { execution_time: 'SECRET' }],
    ['as a reason to exit', sweAgent, { frame: ['history'], of: { info: { exit_status: 'SECRET' } } }],
    ['as a configuration', sweAgent, { frame: ['history'], of: { replay_config: 'SECRET' } }],
    ['as the time of a line', claudeCode, { type: 'user', timestamp: 'SECRET' }],
    ['as a type of line', claudeCode, { type: 'SECRET' }],
    ['as an unknown key of a line', claudeCode, { type: 'user', SECRET: 1 }],
    ['as the place where somebody worked', claudeCode, { type: 'user', cwd: 'SECRET', gitBranch: 'x' }],
    ['as the name of a model', claudeCode, { type: 'assistant', message: { role: 'assistant', model: 'SECRET' } }],
    ['as a count of tokens', claudeCode, { type: 'assistant', message: { usage: { input_tokens: ['SECRET'] } } }],
    ['as a reason to stop', claudeCode, { type: 'assistant', message: { stop_reason: 'SECRET' } }],
    ['as a sort of attachment', claudeCode, { type: 'attachment', attachment: { type: 'SECRET' } }],
    ['as an unknown attachment', claudeCode, { type: 'attachment', attachment: { type: 'file', content: 'SECRET' } }],
    ['as what the system says', claudeCode, { type: 'system', subtype: 'informational', content: 'SECRET' }],
    ['as a backup of a file', claudeCode, { type: 'file-history-snapshot', snapshot: { SECRET: 1 } }],
    ['as a list of things to do', claudeCode, { type: 'user', todos: [{ content: 'SECRET' }] }],
    ['as the time of a line', codex, { type: 'compacted', timestamp: '2026-01-05T09:00:00Z SECRET', payload: {} }],
    ['as a type of line', codex, { type: 'SECRET', payload: {} }],
    ['as a type of item', codex, codexItem({ type: 'ghost_snapshot', ghost_commit: 'SECRET' })],
    ['as a sort of event', codex, codexEvent('SECRET', {})],
    ['as a warning', codex, codexEvent('warning', { message: 'SECRET' })],
    ['as a duration', codex, codexEvent('exec_command_end', { duration: { secs: 1, SECRET: 2 } })],
    ['as a policy', codex, { type: 'turn_context', payload: { approval_policy: 'SECRET' } }],
    ['as the place where somebody worked', codex, { type: 'session_meta', payload: { cwd: 'SECRET' } }],
    ['as a repository', codex, { id: 'x', timestamp: '2026-01-05T09:00:00Z', git: { branch: 'SECRET' } }],
    ['as the name of a span', otlp, { name: 'SECRET', startTimeUnixNano: '1' }],
    ['as an unknown attribute', otlp, span({ SECRET: said('x') })],
    ['as the value of one', otlp, span({ 'user.id': said('SECRET') })],
    ['as the name of a model', otlp, span({ 'gen_ai.request.model': said('SECRET') })],
    [
      'as a reason to finish of which another one makes nothing',
      otlp,
      span({ 'gen_ai.output.messages': said('[{"role":"user","finish_reason":"SECRET","finish_reason":null}]') }),
    ],
    [
      'as a control of a cache of which another one makes nothing',
      otlp,
      span({ 'gen_ai.input.messages': said('[{"role":"user","cache_control":"SECRET","cache_control":null}]') }),
    ],
    [
      'as another value beside one that is null',
      otlp,
      span({
        'gen_ai.response.finish_reasons': { arrayValue: { values: [{ stringValue: null, intValue: 'SECRET' }] } },
      }),
    ],
    ['as an operation', otlp, span({ 'gen_ai.operation.name': said('SECRET') })],
    ['as an operation, in another form', otlp, span({ 'gen_ai.operation.name': { arrayValue: 'SECRET' } })],
    ['as a count of tokens', otlp, span({ 'gen_ai.usage.input_tokens': { intValue: 'SECRET' } })],
    ['as a time', otlp, span({}, { startTimeUnixNano: 'SECRET' })],
    ['as a kind of span', otlp, span({}, { kind: 'SECRET' })],
    ['as a trace', otlp, span({}, { traceId: 'SECRET' })],
    ['as a status', otlp, span({}, { status: { code: 2, message: 'SECRET' } })],
    ['as a link', otlp, span({}, { links: [{ attributes: ['SECRET'] }] })],
    ['as an event that was not cut out', otlp, span({}, { events: [{ name: 'gen_ai.choice', SECRET: 1 }] })],
    ['as an unknown event', otlp, spanEvent('SECRET', {})],
    ['in an unknown event', otlp, spanEvent('mine', { content: said('SECRET') })],
    ['as an error', otlp, spanEvent('exception', { 'exception.message': said('SECRET') })],
    ['as the body of an unknown log', otlp, { eventName: 'x', body: said('SECRET') }],
    ['as an unknown key of a known body', otlp, logBody('gen_ai.user.message', 'note')],
    ['as a resource', otlp, { frame: [], of: { resourceSpans: [{ resource: { attributes: ['SECRET'] } }] } }],
    ['as a scope', otlp, { frame: [], of: { resourceSpans: [{ scopeSpans: [{ scope: { name: 'SECRET' } }] }] } }],
    ['as messages that are no JSON', otlp, span({ 'gen_ai.input.messages': said('[{"role":"user","parts":["SECRET') })],
    ['as a role in a text of JSON', otlp, span({ 'gen_ai.input.messages': said('[{"role":"SECRET"}]') })],
    ['as a key in a text of JSON', otlp, span({ 'gen_ai.input.messages': said('[{"role":"user","SECRET":1}]') })],
    ['as a key said twice', otlp, span({ 'gen_ai.input.messages': said('[{"role":"user","role":"SECRET"}]') })],
    [
      'in a part of an unknown type',
      otlp,
      span({ 'gen_ai.input.messages': said('[{"role":"user","parts":[{"type":"SECRET"}]}]') }),
    ],
    ['as a level of an observation', otlp, { startTime: '2026-01-05T09:00:00Z', level: 'SECRET' }],
    ['as the kind of a message', sweAgent, { role: 'user', message_type: 'SECRET' }],
  ])('%s', (_how, format, data) => {
    expect(fieldsOf(format, data)).toEqual(['other']);
    expect(JSON.stringify(format.reassemble(format.decompose(data)))).toBe(JSON.stringify(data));
  });
});

describe('a part of a transcript goes to its field', () => {
  it.each<[string, Format, Json, string]>([
    ['what a user asked', messages, { role: 'user', content: [{ type: 'text', text: 'SECRET' }] }, 'prompt'],
    ['an answer', messages, { role: 'assistant', content: 'SECRET' }, 'response'],
    ['a thought', messages, { role: 'assistant', reasoning_content: 'SECRET' }, 'reasoning'],
    [
      'a thought in a list',
      messages,
      { role: 'assistant', content: [{ type: 'thinking', thinking: 'SECRET' }] },
      'reasoning',
    ],
    ['a call', messages, { role: 'assistant', tool_calls: [{ function: { name: 'SECRET' } }] }, 'tool.input'],
    ['a piece of an answer', messages, { index: 0, delta: { content: 'SECRET' } }, 'response'],
    ['a call of a response', messages, { type: 'function_call', arguments: 'SECRET' }, 'tool.input'],
    ['a search of the API itself', messages, { type: 'file_search_call', results: ['SECRET'] }, 'tool.output'],
    [
      'a summary of a thought',
      messages,
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'SECRET' }] },
      'reasoning',
    ],
    ['instructions', messages, { frame: ['output'], of: { instructions: 'SECRET' } }, 'prompt'],
    ['what a user asked', claudeCode, claudeUser({ role: 'user', content: 'SECRET' }), 'prompt'],
    ['what a user asked, the role told by the line', claudeCode, claudeUser({ content: 'SECRET' }), 'prompt'],
    [
      'a screenshot',
      claudeCode,
      claudeUser({ role: 'user', content: [{ type: 'image', source: { data: 'SECRET' } }] }),
      'prompt',
    ],
    ['what a user queued', claudeCode, { type: 'queue-operation', operation: 'enqueue', content: 'SECRET' }, 'prompt'],
    [
      'what was queued, when it came',
      claudeCode,
      { type: 'attachment', attachment: { type: 'queued_command', prompt: 'SECRET' } },
      'prompt',
    ],
    ['a title by a model', claudeCode, { type: 'summary', summary: 'SECRET' }, 'response'],
    [
      'a thought',
      claudeCode,
      { type: 'assistant', message: { content: [{ type: 'thinking', thinking: 'SECRET' }] } },
      'reasoning',
    ],
    [
      'a call',
      claudeCode,
      { type: 'assistant', message: { content: [{ type: 'tool_use', name: 'SECRET' }] } },
      'tool.input',
    ],
    [
      'an output, as the program keeps it',
      claudeCode,
      { type: 'user', toolUseResult: { stdout: 'SECRET' } },
      'tool.output',
    ],
    [
      'an answer of a hook',
      claudeCode,
      { type: 'attachment', attachment: { type: 'hook_success', stdout: 'SECRET' } },
      'tool.output',
    ],
    ['what a user asked', codex, codexEvent('user_message', { message: 'SECRET' }), 'prompt'],
    ['instructions', codex, { type: 'session_meta', payload: { instructions: 'SECRET' } }, 'prompt'],
    ['instructions of the older layout', codex, { id: 'x', timestamp: 'y', instructions: 'SECRET' }, 'prompt'],
    [
      'an answer',
      codex,
      codexItem({ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'SECRET' }] }),
      'response',
    ],
    [
      'an answer of the older layout',
      codex,
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'SECRET' }] },
      'response',
    ],
    ['a last word', codex, codexEvent('task_complete', { last_agent_message: 'SECRET' }), 'response'],
    ['a sealed thought', codex, codexItem({ type: 'reasoning', encrypted_content: 'SECRET' }), 'reasoning'],
    ['a command', codex, codexItem({ type: 'local_shell_call', action: { command: ['SECRET'] } }), 'tool.input'],
    ['a patch', codex, codexEvent('patch_apply_end', { changes: { SECRET: {} } }), 'tool.input'],
    ['what a command printed', codex, codexEvent('exec_command_end', { aggregated_output: 'SECRET' }), 'tool.output'],
    [
      'what was asked before',
      codex,
      { type: 'compacted', payload: { replacement_history: [{ type: 'message', role: 'user', content: 'SECRET' }] } },
      'prompt',
    ],
    [
      'what a model was asked',
      otlp,
      span({ 'gen_ai.input.messages': said('[{"role":"user","parts":[{"type":"text","content":"SECRET"}]}]') }),
      'prompt',
    ],
    [
      'the same, laid out',
      otlp,
      span({ 'gen_ai.input.messages': said(' [ {"role" : "user", "content": "SECRET" } ]\n') }),
      'prompt',
    ],
    [
      'the same, escaped',
      otlp,
      span({ 'gen_ai.input.messages': said('[{"role":"user","content":"\\u0041 SECRET"}]') }),
      'prompt',
    ],
    [
      'what was answered before, among it',
      otlp,
      span({ 'gen_ai.input.messages': said('[{"role":"assistant","content":"SECRET"}]') }),
      'response',
    ],
    [
      'an output of a tool, among it',
      otlp,
      span({
        'gen_ai.input.messages': said('[{"role":"tool","parts":[{"type":"tool_call_response","response":"SECRET"}]}]'),
      }),
      'tool.output',
    ],
    [
      'a thought',
      otlp,
      span({
        'gen_ai.output.messages': said('[{"role":"assistant","parts":[{"type":"reasoning","content":"SECRET"}]}]'),
      }),
      'reasoning',
    ],
    [
      'instructions',
      otlp,
      span({ 'gen_ai.system_instructions': said('[{"type":"text","content":"SECRET"}]') }),
      'prompt',
    ],
    ['arguments', otlp, span({ 'gen_ai.tool.call.arguments': said('SECRET') }), 'tool.input'],
    ['a result', otlp, span({ 'gen_ai.tool.call.result': { bytesValue: 'SECRET' } }), 'tool.output'],
    ['a prompt of the older conventions', otlp, span({ 'gen_ai.prompt': said('SECRET') }), 'prompt'],
    [
      'the same in keys',
      otlp,
      span({ 'gen_ai.prompt.0.role': said('user'), 'gen_ai.prompt.0.content': said('SECRET') }),
      'prompt',
    ],
    [
      'an output of a tool, in keys',
      otlp,
      span({ 'gen_ai.prompt.0.content': said('SECRET'), 'gen_ai.prompt.0.role': said('tool') }),
      'tool.output',
    ],
    ['an answer in keys, of nobody', otlp, span({ 'gen_ai.completion.0.content': said('SECRET') }), 'response'],
    [
      'a call in keys',
      otlp,
      span({ 'llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments': said('SECRET') }),
      'tool.input',
    ],
    ['the input of a model', otlp, span({ 'input.value': said('SECRET') }), 'prompt'],
    [
      'the input of a tool',
      otlp,
      span({ 'input.value': said('SECRET'), 'openinference.span.kind': said('TOOL') }),
      'tool.input',
    ],
    [
      'the output of a tool',
      otlp,
      span({ 'traceloop.span.kind': said('tool'), 'traceloop.entity.output': said('SECRET') }),
      'tool.output',
    ],
    [
      'a message of LangChain',
      otlp,
      span({
        'output.value': said(
          '{"lc":1,"type":"constructor","id":["langchain_core","messages","ToolMessage"],"kwargs":{"content":"SECRET"}}',
        ),
      }),
      'tool.output',
    ],
    ['a question as an event', otlp, spanEvent('gen_ai.user.message', { content: said('SECRET') }), 'prompt'],
    ['an answer as an event', otlp, spanEvent('gen_ai.choice', { message: said('{"content":"SECRET"}') }), 'response'],
    ['calls as an event', otlp, spanEvent('gen_ai.assistant.message', { tool_calls: said('SECRET') }), 'tool.input'],
    [
      'an output of a tool as an event',
      otlp,
      spanEvent('gen_ai.tool.message', { 'gen_ai.event.content': said('{"content":"SECRET"}') }),
      'tool.output',
    ],
    ['a question as a log', otlp, logBody('gen_ai.user.message', 'content'), 'prompt'],
    [
      'an answer as a log',
      otlp,
      {
        eventName: 'gen_ai.choice',
        body: {
          kvlistValue: {
            values: [
              { key: 'message', value: { kvlistValue: { values: [{ key: 'content', value: said('SECRET') }] } } },
            ],
          },
        },
      },
      'response',
    ],
    ['an observation', otlp, { startTime: '2026-01-05T09:00:00Z', type: 'GENERATION', output: 'SECRET' }, 'response'],
    [
      'an observation of a tool',
      otlp,
      { startTime: '2026-01-05T09:00:00Z', type: 'TOOL', input: 'SECRET' },
      'tool.input',
    ],
    ['an action', sweAgent, { action: 'SECRET' }, 'tool.input'],
    ['an observation', sweAgent, { observation: 'SECRET' }, 'tool.output'],
    ['the state after a step', sweAgent, { state: { open_file: 'SECRET' } }, 'tool.output'],
    ['a thought of a step', sweAgent, { thought: 'SECRET' }, 'reasoning'],
    ['what a model was asked', sweAgent, { query: [{ role: 'user', content: 'SECRET' }] }, 'prompt'],
    ['a patch', sweAgent, { frame: ['history'], of: { info: { submission: 'SECRET' } } }, 'response'],
    [
      'a call in a list',
      messages,
      { role: 'assistant', content: [{ type: 'tool_use', input: { path: 'SECRET' } }] },
      'tool.input',
    ],
    ['an output', messages, { role: 'tool', content: 'SECRET' }, 'tool.output'],
    [
      'an output in a list',
      messages,
      { role: 'user', content: [{ type: 'tool_result', content: 'SECRET' }] },
      'tool.output',
    ],
  ])('%s', (_what, format, data, field) => expect(fieldsOf(format, data)).toEqual([field]));
});

describe('whatever a record of a transcript holds', () => {
  it.each<[string, Format]>([
    ['a message', messages],
    ['a step of an agent', sweAgent],
    ['a line of Claude Code', claudeCode],
    ['a line of Codex', codex],
    ['a span', otlp],
  ])('%s comes back the same, and each text stood in one field, once', (_what, format) =>
    fc.assert(
      fc.property(transcripts, (value) => expectEachTextOnce(format, value)),
      { numRuns: 300 },
    ),
  );

  it('that is deeper than any message is taken apart, and not out of stack', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 20_000; level += 1) deep = level % 2 === 0 ? [deep] : { content: deep };
    const { other } = messages.decompose({ role: 'user', content: [{ type: 'text', text: deep }] });
    expect(other).toHaveLength(1);
  });
});
