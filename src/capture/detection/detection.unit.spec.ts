import { processorMs } from '../../../test/processor-ms.js';
import fc from 'fast-check';
import { fieldNames, type FieldName } from '../../log/fields.js';
import type { Json, Parts } from '../formats/format.js';
import { rrweb } from '../formats/rrweb.js';
import { detect, type Tag } from './detect.js';
import { lowered } from './lowered.js';
import { raiseRecords } from './raise.js';

const card = '4111 1111 1111 1111';
// Put together, so that this file itself holds no token.
const token = ['ghp', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('_');
const tagsOf = async (text: string): Promise<Tag[]> => [...((await detect([text]))[0] ?? [])];

describe('nothing is found in', () => {
  it.each([
    ['a number whose check digit is wrong', '4111 1111 1111 1112'],
    ['a table of numbers', '51 42 33 24 15 66 77 58 49 40 31 22 13 14 25 36 47 58 69 70 81 92 13 24 35 46 57'],
    ['an IBAN whose check digits are wrong', 'DE88 3704 0044 0532 0130 00'],
    ['a card within a longer number', `9${card.replaceAll(' ', '')}9999999`],
    ['a time in milliseconds', '1767225600000'],
    ['plain words', 'the quick brown fox jumps over the lazy dog'],
    ['nothing', ''],
  ])('%s', async (_what, text) => expect(await tagsOf(text)).toEqual([]));

  it('two halves of a token in two texts', async () => {
    const found = await detect([token.slice(0, 20), token.slice(20)]);
    expect(found.map(({ size }) => size)).toEqual([0, 0]);
  });
});

describe('it finds', () => {
  it.each<[Tag, string]>([
    ['card', `my card is ${card}, thanks`],
    ['card', '4111-1111-1111-1111'],
    ['card', `${card}.`],
    ['card', `${card} 123`],
    ['card', `${card} 12/28`],
    ['card', `7 ${card}`],
    ['card', `2026 ${card} 2026`],
    ['card', `${card.replaceAll(' ', '')} 123`],
    ['card', '3782 822463 10005 1234'],
    ['iban', 'to DE89 3704 0044 0532 0130 00 please'],
    ['iban', 'GB82WEST12345698765432'],
    ['iban', 'DE89 3704 0044 0532 0130 00 EUR'],
    ['iban', 'DE89370400440532013000 BIC COBADEFFXXX'],
    ['national_id', '99999999R'],
    ['national_id', 'RSSMRA80A01H501U'],
    ['secret', `export TOKEN=${token}`],
  ])('a %s', async (tag, text) => expect(await tagsOf(text)).toEqual([tag]));

  it('each in its own text, among many', async () => {
    const texts = Array.from({ length: 200 }, (_, index) =>
      index % 50 === 7 ? `key ${token} end` : `words ${index}, many`,
    );
    const found = await detect(texts);
    expect(found.flatMap(({ size }, index) => (size > 0 ? [index] : []))).toEqual([7, 57, 107, 157]);
  });

  it('as many as there are, in time that grows as they do', async () => {
    let found: ReadonlySet<string> | undefined;
    const took = await processorMs(async () => {
      [found] = await detect(['postgres://some:letmein42@db/x '.repeat(10_000)]);
    });
    expect([...(found ?? [])]).toEqual(['secret']);
    // Some 30 ms; where each finding was compared with all others, 10 s.
    expect(took).toBeLessThan(2000);
  });

  it.each(['secretlint-disable', 'secretlint-disable-line', 'secretlint-disable-next-line'])(
    'all the same where a record says %s: what is recorded gives no orders',
    async (order) => {
      const found = await detect([`// ${order}\n${token}`, `${token} // ${order}`, token]);
      expect(found.map((tags) => [...tags])).toEqual([['secret'], ['secret'], ['secret']]);
    },
  );
});

it('looks at every field, but not for texts in the bytes of a video', async () => {
  const [looked, passed] = await raiseRecords([{ other: token }, { 'screen.video': { bytes: token } }], {}, new Map());
  expect([...(looked?.tags ?? [])]).toEqual(['secret']);
  expect(passed).toEqual({ parts: { 'screen.video': { bytes: token } }, tags: new Set() });
});

it.each<[what: string, value: Json, tag: Tag]>([
  ['a name of a key', { cards: { [card]: { limit: 500 } } }, 'card'],
  ['a name of a key that is a token', { [token]: true }, 'secret'],
  ['a number', [{ name: 'pay', input: { card: 4111111111111111 } }], 'card'],
])('looks at %s as well', async (_what, value, tag) => {
  const [record] = await raiseRecords([{ kind: 'x', 'tool.input': value }], {}, new Map());
  expect(record).toEqual({ parts: { kind: 'x', raised: { 'tool.input': value } }, tags: new Set([tag]) });
});

const input = (id: number, text: string): Parts =>
  rrweb.decompose({ type: 3, data: { source: 5, text, isChecked: false, id }, timestamp: 1 });
const pageWith = (attributes: Json): Parts =>
  rrweb.decompose({
    type: 2,
    data: { node: { type: 0, id: 1, childNodes: [{ type: 2, id: 7, tagName: 'input', attributes, childNodes: [] }] } },
    timestamp: 0,
  });
const typedLetterByLetter = (id: number, text: string) => [...text].map((_, at) => input(id, text.slice(0, at + 1)));

describe('what was typed into an input stays out of `typed`, with every prefix of it', () => {
  const raise = async (records: Parts[], inputs = new Map<string, Tag>()) => raiseRecords(records, rrweb, inputs);

  it('if it comes to be a card or a token', async () => {
    for (const [text, tag] of [
      [card, 'card'],
      [`token ${token} `, 'secret'],
    ] as const) {
      const records = await raise([...typedLetterByLetter(7, text), input(8, 'something else')]);
      const other = records.pop();
      expect(other?.parts.typed).toBeDefined();
      for (const { parts, tags } of records) {
        expect(parts.typed).toBeUndefined();
        expect([...tags]).toContain(tag);
      }
    }
  });

  it.each([
    { type: 'password' },
    { type: 'Password' },
    { type: 'text', autocomplete: 'section-x cc-number' },
    // Shown in clear for a while: so rrweb marks what was one of passwords.
    { type: 'text', 'data-rr-is-password': 'true' },
  ])('if the page says that it is for one: %j', async (attributes) => {
    const inputs = new Map<string, Tag>();
    const [page] = await raise([pageWith({ ...attributes, value: 'before' })], inputs);
    expect(page?.parts.typed).toBeUndefined();
    // In another call: what a session showed is remembered.
    for (const { parts, tags } of await raise(typedLetterByLetter(7, 'hunter2'), inputs)) {
      expect([parts.typed, [...tags]]).toEqual([undefined, ['password']]);
    }
  });

  it('if a page has more such inputs than are remembered of a session, whichever it was typed into', async () => {
    const inputs = new Map<string, Tag>();
    const childNodes = Array.from({ length: 5000 }, (_, index) => {
      return { type: 2, id: 100 + index, tagName: 'input', attributes: { type: 'password' }, childNodes: [] };
    });
    await raise([rrweb.decompose({ type: 2, data: { node: { type: 0, id: 1, childNodes } }, timestamp: 0 })], inputs);
    expect(inputs.size).toBeLessThan(5000);
    for (const id of [100, 5099]) {
      const [typed] = await raise([input(id, 'hunter2')], inputs);
      expect([typed?.parts.typed, [...(typed?.tags ?? [])]]).toEqual([undefined, ['password']]);
    }
  });

  it('but stays where it was in an input like any other', async () => {
    const records = await raise([pageWith({ type: 'text', value: 'before' }), ...typedLetterByLetter(7, 'hunter2')]);
    for (const { parts, tags } of records) expect([parts.raised, tags.size]).toEqual([undefined, 0]);
  });
});

describe('a field in which something was found', () => {
  it('is moved whole, alone, and only if it is not strict already', async () => {
    const parts: Parts = {
      kind: 'x',
      prompt: { content: `pay ${card}` },
      response: 'I will not',
      other: { also: card },
    };
    const [record] = await raiseRecords([parts], {}, new Map());
    expect(record?.parts).toEqual({
      kind: 'x',
      response: 'I will not',
      other: { also: card },
      raised: { prompt: { content: `pay ${card}` } },
    });
    expect([...(record?.tags ?? [])]).toEqual(['card']);
  });

  it('comes back to where it was, whatever was found', () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.constantFrom(...fieldNames.filter((name) => name !== 'raised')),
          fc.oneof(fc.constant(card), fc.jsonValue() as fc.Arbitrary<Json>),
        ),
        async (some) => {
          const parts = some as Parts;
          const [record] = await raiseRecords([parts], {}, new Map());
          expect(lowered(record?.parts ?? {})).toEqual(parts);
          const fields = Object.keys(record?.parts ?? {}) as FieldName[];
          for (const field of fields) if (field !== 'raised') expect(record?.parts[field]).toBe(parts[field]);
        },
      ),
      { numRuns: 200 },
    ));
});
