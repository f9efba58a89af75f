import fc from 'fast-check';
import { fieldNames } from '../../log/fields.js';
import type { Json, Parts } from './format.js';
import { messagesLayout } from './genai-layout.js';
import { transcripts } from './odd-transcripts.spec.js';
import { joinLayout, maskLayout, splitLayout } from './split-layout.js';

/** JSON as programs write it: compact, indented, with spaces, with every letter escaped that may be. */
const texts = fc
  .tuple(
    fc.oneof(
      transcripts,
      fc
        .array(fc.tuple(fc.constantFrom('user', 'assistant'), transcripts))
        .map((all) => all.map(([role, parts]) => ({ role, parts: [{ type: 'text', content: parts }, parts] }))),
    ),
    fc.constantFrom('', ' ', '\t'),
    fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.replaceAll(/[^ -~]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (text) => text.replaceAll('/', '\\/').replaceAll('<', '\\u003C'),
      (text) => `\n ${text}\r\n`,
      (text) => text.slice(0, -1),
      (text) => text.replace(/^\{/, '{"role":"user","parts":[{}],"content":[null],"parts":null,'),
    ),
  )
  .map(([value, indent, written]) => written(JSON.stringify(value as Json, null, indent)));

const layout = { text: messagesLayout };

describe('a text that holds JSON', () => {
  it('is the same text again, to the letter', () =>
    fc.assert(
      fc.property(texts, (text) => expect(joinLayout(splitLayout(text, layout))).toBe(text)),
      { numRuns: 500 },
    ));

  it.each(['{"role":"user","parts":[{"type":"text"}],"parts":null}', '{"content":["x"],"role":"user","content":"y"}'])(
    'may have a key twice: %s',
    (text) => expect(joinLayout(splitLayout(text, layout))).toBe(text),
  );

  it('is JSON still, whatever of it was granted', () =>
    fc.assert(
      fc.property(texts, fc.subarray(fieldNames), (text, granted) => {
        const parts = splitLayout(text, layout);
        fc.pre(typeof parts.kind !== 'string');
        const some = Object.fromEntries(Object.entries(parts).filter(([field]) => granted.includes(field as never)));
        const masked = maskLayout({ ...some, kind: parts.kind } as Parts, {});
        expect(() => JSON.parse(masked as string) as Json).not.toThrow();
      }),
      { numRuns: 300 },
    ));

  it('shows its make in `kind`, and no more', () => {
    const text = '[ {"role": "user", "name": "Anna", "parts": [{"type": "text", "content": "Hell\\u00f6"}]} ]';
    expect(splitLayout(text, layout)).toEqual({
      kind: {
        '?text': ['=[ {"role": "user", ', '?', '=, "parts": [{"type": "text", "content": ', '~prompt', '=}]} ]'],
      },
      prompt: [{ raw: '"Hell\\u00f6"' }],
      other: [{ raw: '"name": "Anna"' }],
    });
    expect(maskLayout({ kind: splitLayout(text, layout).kind as Json }, {})).toBe(
      '[ {"role": "user", "[masked]":null, "parts": [{"type": "text", "content": "[masked]"}]} ]',
    );
  });
});
