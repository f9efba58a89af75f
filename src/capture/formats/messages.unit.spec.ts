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

const thought = { type: 'thinking', thinking: 'hm' };
const said = { type: 'text', text: 'yes' };
const call = { type: 'tool_use', name: 'ls' };
const answer = { role: 'assistant', content: [thought, said, call, said], tool_calls: [call] };
const hidden = { type: 'text', text: '[masked]' };

describe('a masked message', () => {
  it('is left out, if nothing tells that it was there', () => expect(masked([], answer)).toEqual([]));

  it('holds a placeholder for what was not granted', () => {
    expect(masked(['kind'], answer, { role: 'user', content: 'q' })).toEqual([
      { role: 'assistant', content: [hidden, hidden, hidden, hidden] },
      { role: 'user', content: '[masked]' },
    ]);
    expect(masked(['kind', 'response'], answer)).toEqual([
      { role: 'assistant', content: [hidden, said, hidden, said] },
    ]);
    expect(masked(['kind', 'reasoning'], answer)).toEqual([
      { role: 'assistant', content: [thought, hidden, hidden, hidden] },
    ]);
  });

  it('holds all of it, if all was granted', () =>
    expect(masked(['kind', 'response', 'reasoning', 'tool.input'], answer)).toEqual([answer]));
});

it('a list is refused, if its first message looks like a wrapper', () =>
  expect(() => messages.cut(Buffer.from('[{"messages":null}]'), 0)).toThrow(
    expect.objectContaining({ code: 'recording_malformed', members: { index: 0 } }) as Error,
  ));
