import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { messages } from './messages.js';

const masked = (granted: readonly FieldName[], ...all: Json[]): Json[] =>
  messages
    .mask(
      all.map((data, sequence) => ({
        sequence,
        time: sequence,
        parts: Object.fromEntries(
          Object.entries(messages.decompose(data)).filter(([field]) => granted.includes(field as FieldName)),
        ),
      })),
    )
    .slice(1);

const thought = { type: 'thinking', thinking: 'hm', signature: 'sig' };
const said = { type: 'text', text: 'yes' };
const call = { type: 'tool_use', id: 'c1', name: 'ls', input: { path: '/' } };
const toolCall = { id: 'c2', type: 'function', function: { name: 'ls', arguments: '{"path":"/"}' } };
const answer = { role: 'assistant', content: [thought, said, call, said], tool_calls: [toolCall] };

const hiddenThought = { type: 'thinking', thinking: '[masked]' };
const hiddenText = { type: 'text', text: '[masked]' };
const hiddenCall = { type: 'tool_use', id: '[masked]', name: '[masked]', input: {} };
const hiddenToolCall = { id: '[masked]', type: 'function', function: { name: '[masked]', arguments: '{}' } };

describe('a masked message', () => {
  it('is left out, if nothing tells that it was there', () => expect(masked([], answer)).toEqual([]));

  it('holds a placeholder for what was not granted, of the same make', () => {
    expect(masked(['kind'], answer, { role: 'user', content: 'q' })).toEqual([
      {
        role: 'assistant',
        content: [hiddenThought, hiddenText, hiddenCall, hiddenText],
        tool_calls: [hiddenToolCall],
      },
      { role: 'user', content: '[masked]' },
    ]);
    expect(masked(['kind', 'response'], answer)).toEqual([
      { role: 'assistant', content: [hiddenThought, said, hiddenCall, said], tool_calls: [hiddenToolCall] },
    ]);
    expect(masked(['kind', 'reasoning'], answer)).toEqual([
      { role: 'assistant', content: [thought, hiddenText, hiddenCall, hiddenText], tool_calls: [hiddenToolCall] },
    ]);
  });

  it('holds all of it, if all was granted', () =>
    expect(masked(['kind', 'response', 'reasoning', 'tool.input'], answer)).toEqual([answer]));

  it('holds what was granted, where its kind was not', () =>
    expect(masked(['response'], answer)).toEqual([{ role: 'assistant', content: [said, said] }]));
});

it('a list is refused, if its first message looks like a frame', () =>
  expect(() => messages.cut(Buffer.from('[{"frame":null}]'), 0)).toThrow(
    expect.objectContaining({ code: 'recording_malformed', members: { index: 0 } }) as Error,
  ));

describe('documents of the API', () => {
  const text = (...documents: Json[]) => documents.map((one) => JSON.stringify(one)).join('\n');
  const request = {
    model: 'm',
    messages: [{ role: 'user', content: 'q' }],
    tools: [{ type: 'function' }],
    stream: false,
  };
  const completion = {
    id: 'c',
    object: 'chat.completion',
    created: 1_750_000_000,
    choices: [{ index: 0, message: { role: 'assistant', content: 'a', refusal: null }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 0 } },
  };
  const chunk = {
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null }],
  };
  const response = {
    object: 'response',
    created_at: 1_750_000_001,
    instructions: 'be brief',
    output: [
      { type: 'reasoning', id: 'r', summary: [{ type: 'summary_text', text: 'hm' }] },
      { type: 'function_call', id: 'f', call_id: 'c', name: 'ls', arguments: '{}', status: 'completed' },
      { type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text: 'a', annotations: [] }] },
    ],
  };
  const batch = { custom_id: 'b', body: request, response: { status_code: 200, body: completion } };

  it.each<[string, string, number]>([
    ['a request', text(request), 1],
    ['an answer', text(completion), 1],
    ['an answer of responses', text(response), 3],
    ['pieces of a stream', text(chunk, chunk), 2],
    ['a line of a batch', text(batch), 2],
    ['lines of all of them', text(request, completion, batch, response, [{ role: 'user', content: 'q' }]), 8],
    ['lines that are messages', text({ role: 'user', content: 'q' }, { role: 'assistant', content: 'a' }), 2],
    ['a message alone', text({ role: 'user', content: 'q' }), 1],
    ['a list of one', text([{ role: 'user', content: 'q' }]), 1],
  ])('%s: are cut into what was said, and are the same again', (_what, file, count) => {
    const records = messages.cut(Buffer.from(file), 0).map(({ data }) => data);
    expect(records.filter((data) => (data as { frame?: Json }).frame === undefined)).toHaveLength(count);
    const again = records.map((data) => messages.reassemble(messages.decompose(data)));
    expect(Buffer.from(messages.assemble(again)).toString()).toBe(file);
  });

  it('have the time at which they say they were made', () =>
    expect(messages.cut(Buffer.from(text(request, completion)), 7).map(({ time }) => time)).toEqual([
      7, 8, 1_750_000_000_000, 1_750_000_000_000,
    ]));

  it('are refused by their line', () =>
    expect(() => messages.cut(Buffer.from(`${text(request, { a: 1 })}\n`), 0)).toThrow(
      expect.objectContaining({ members: { index: 1 } }) as Error,
    ));
});
