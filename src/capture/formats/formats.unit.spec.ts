import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { fieldNames, type FieldName } from '../../log/fields.js';
import { Problem } from '../../problem.js';
import { examples, real, recordings, shared, sharedFolder } from './all-recordings.spec.js';
import type { CutRecord, Format, Json, MaskedRecord, Parts } from './format.js';
import type { Cutter } from './cutter.js';
import { formatNames, formatOf } from './formats.js';
import { headOf } from './head.js';
import { transcripts } from './odd-transcripts.spec.js';

const startedAt = Date.UTC(2026, 0, 1);
const loadOnce = ({ bytes, format: name }: (typeof recordings)[number]) => {
  let loaded: { file: Uint8Array; format: Format; records: CutRecord[]; parts: Parts[] } | undefined;
  return () => {
    if (loaded !== undefined) return loaded;
    const [file, format] = [bytes(), formatOf(name)];
    const records = format.cut(file, startedAt);
    return (loaded = { file, format, records, parts: records.map(({ data }) => format.decompose(data)) });
  };
};
const asData = (file: Uint8Array, { name }: Format): string => {
  if (name === 'video') return Buffer.from(file).toString('hex');
  const text = Buffer.from(file).toString('utf8');
  if (name === 'mouse-csv') return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return JSON.stringify(
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => (line.startsWith('#') ? line : JSON.parse(line))),
    );
  }
};

it('has the recordings of others, where CI promises them', () => {
  if (existsSync(sharedFolder)) expect(real).toHaveLength(examples.length + shared.length);
  else if (process.env['CI'] === 'true') throw new Error('../shared/data is absent');
  else process.stderr.write('skipped: recordings of others, ../shared/data is absent\n');
});

describe.each(recordings)('$file', (recording) => {
  const load = loadOnce(recording);

  it('is the same data after every record was taken apart and put together', () => {
    const { file, format, records, parts } = load();
    const again = parts.map((one) => format.reassemble(one));
    expect(JSON.stringify(again)).toBe(JSON.stringify(records.map(({ data }) => data)));
    expect(asData(format.assemble(again), format)).toBe(asData(file, format));
  });

  it.each([7, 1000, 65536])('is cut to the same records in pieces of %d characters, or as a whole only', (length) => {
    const { file, format, records } = load();
    const [cutter, byteCutter] = [format.cutter?.(startedAt), format.byteCutter?.(startedAt)];
    if (cutter === undefined && byteCutter === undefined) return expect(wholeFormats).toContain(format.name);
    const again =
      cutter === undefined
        ? cutInPieces(byteCutter as Cutter<Uint8Array>, file, length)
        : cutInPieces(cutter, Buffer.from(file).toString('utf8'), length);
    expect(JSON.stringify(again)).toBe(JSON.stringify(records));
  });

  it('is the pieces of its masked records, or has none', () => {
    const { format, parts } = load();
    if (format.piece === undefined) return expect(format.byteCutter).toBeUndefined();
    const records = maskTo(parts, fieldNames);
    const pieces = records.map((record) => (format.piece as NonNullable<Format['piece']>)(record));
    expect(Buffer.concat(pieces).equals(format.assemble(format.mask(records)))).toBe(true);
  });

  it('is recognised as its own format and no other', () => {
    const head = headOf(recording.bytes());
    expect(formatNames.filter((name) => formatOf(name).recognise(head))).toEqual([recording.format]);
  });

  it('has more in its named fields than in `other`', () => {
    const { format, parts } = load();
    const named = new Set(parts.flatMap((one) => Object.keys(one)));
    expect([...named].every((field) => fieldNames.includes(field as FieldName))).toBe(true);
    // Of a video there is one thing to name.
    expect(named.size).toBeGreaterThan(format.byteCutter === undefined ? 2 : 0);
    if (format.byteCutter !== undefined) expect([...named]).not.toContain('other');
  });

  it.each(fieldNames)('masked to `%s`, alone or with `kind`, holds no string of other fields only', (field) => {
    const { format, parts } = load();
    for (const granted of [[field], [field, 'kind', 'time']] as FieldName[][]) {
      const allowed = bare(JSON.stringify(parts.map((one) => granted.map((name) => one[name]))));
      const shown = stringsIn(format.mask(maskTo(parts, granted))).join('\n');
      const others = fieldNames.filter((name) => !granted.includes(name));
      const strings = new Set(parts.flatMap((one) => others.flatMap((name) => stringsIn(one[name]))));
      const leaked = [...strings].filter(
        (one) => !skeleton.has(one) && shown.includes(one) && !allowed.includes(bare(inJson(one))),
      );
      expect(leaked).toEqual([]);
    }
  });

  it.each([[], ['kind'], ['time'], ['pointer'], ['typed'], ['window'], ['kind', 'time', 'window']] as FieldName[][])(
    'masked to %s %s %s is still a recording of its format, or an empty one',
    (...granted) => {
      const { format, parts } = load();
      const file = format.assemble(format.mask(maskTo(parts, granted)));
      expect(outcomeOf(() => format.cut(file, startedAt))).toMatch(/^(\d+ records|recording_empty)$/);
    },
  );
});

/** A text within JSON within JSON is the same text. */
const bare = (text: string) => text.replaceAll(/[\\"]/g, '');
/** Their records make sense together only, and their recordings are small; this list may only shrink. */
const wholeFormats = ['messages', 'swe-agent', 'otlp', 'activitywatch'];
function cutInPieces<Piece extends string | Uint8Array>(cutter: Cutter<Piece>, whole: Piece, length: number) {
  const records: CutRecord[] = [];
  for (let at = 0; at < whole.length; at += length) records.push(...cutter.push(whole.slice(at, at + length) as Piece));
  const { first, last } = cutter.end();
  return [...first, ...records, ...last];
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/** Words of the formats themselves, which masked recordings hold by necessity, and of the plans of transcripts. */
const skeleton = new Set<string>([
  ...fieldNames,
  ...['buckets', 'events', 'client timestamp'],
  ...['html', 'head', 'body', 'textarea', 'about:blank'],
  ...['user', 'assistant', 'tool', 'text', 'thinking', 'tool_use', 'tool_call'],
]);
const maskTo = (parts: readonly Parts[], granted: readonly FieldName[]): MaskedRecord[] =>
  parts.map((one, sequence) => ({
    sequence,
    time: startedAt + sequence,
    parts: Object.fromEntries(Object.entries(one).filter(([field]) => granted.includes(field as FieldName))),
  }));

function stringsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return value.length >= 4 ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((one) => stringsIn(one as Json));
}

describe.each(formatNames)('%s', (name) => {
  const format: Format = formatOf(name);
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.record({ type: fc.integer({ min: -1, max: 8 }), data: fc.jsonValue(), timestamp: fc.jsonValue() }),
    fc.record({
      type: fc.constantFrom(2, 3, 4),
      data: fc.dictionary(
        fc.constantFrom('source', 'href', 'width', 'height', 'node', 'text', 'attributes', '__proto__'),
        fc.jsonValue(),
      ),
      timestamp: fc.double(),
    }),
    fc.tuple(fc.double(), fc.constantFrom('o', 'i', 'r', 'm', 'x', 'z'), fc.string()),
    fc.dictionary(
      fc.constantFrom(
        'timestamp',
        'x',
        'X',
        'button',
        'state',
        'line',
        'columns',
        'duration',
        'data',
        'bytes',
        'id',
        '__proto__',
      ),
      fc.oneof(
        fc.constantFrom('1', '2026-02-03T09:00:00Z', 'Move', 'YQ==', 'YR==', { app: 'x', title: 1 }),
        fc.jsonValue(),
      ),
    ),
    fc.record(
      {
        specversion: fc.constant('1.0'),
        id: fc.string({ minLength: 1 }),
        source: fc.constant('x'),
        type: fc.constantFrom(...formatNames.map((one) => `custos.record.${one}`), 'other'),
        time: fc.oneof(fc.constant('2026-01-01T00:00:00Z'), fc.string()),
        data: fc.jsonValue(),
        ['__proto__']: fc.jsonValue(),
      },
      { requiredKeys: ['specversion', 'id', 'source', 'type'] },
    ),
    fc.record({
      time_stamp: fc.double(),
      action: fc.constantFrom('move', 'press'),
      x: fc.jsonValue(),
      key: fc.jsonValue(),
    }),
    fc.record(
      {
        role: fc.constantFrom('user', 'tool', 'nobody'),
        content: fc.jsonValue(),
        name: fc.string(),
        reasoning: fc.string(),
      },
      { requiredKeys: ['role'] },
    ),
    transcripts,
    fc
      .constantFrom('# a comment', '{"__proto__": {"a": 1}}')
      .map((text) => (text.startsWith('{') ? JSON.parse(text) : text)),
  );

  it('takes apart and puts together any JSON that comes as a record', () =>
    fc.assert(
      fc.property(odd, (data) => {
        const parts = format.decompose(data as Json);
        expect(JSON.stringify(format.reassemble(parts))).toBe(JSON.stringify(data));
      }),
      { numRuns: 500 },
    ));

  it.each([
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00), 'recording_malformed'],
    ['nothing', new Uint8Array(), 'recording_empty'],
    ['JSON of something else', Buffer.from('{"a":1}'), 'recording_malformed'],
    ['text', Buffer.from('hello'), 'recording_malformed'],
  ])('refuses %s', (_what, file, code) => {
    expect(() => format.cut(file, startedAt)).toThrow(new Problem(code as 'recording_malformed'));
  });
});

function outcomeOf(cut: () => readonly unknown[]): string {
  try {
    return `${cut().length} records`;
  } catch (error) {
    return error instanceof Problem ? error.code : 'another error';
  }
}

describe('a recording that was cut off', () => {
  const cutAt = (format: string, file: string, bytes: number): string =>
    outcomeOf(() => formatOf(format).cut(Buffer.from(file).subarray(0, bytes), startedAt));
  it.each([
    ['rrweb', '[{"type":4,"data":{"href":"é\\"","width":1.5},"timestamp":1}]'],
    ['rrweb', '{"a":[],"result":[{"type":4,"data":{"x":null},"timestamp":1}]}'],
    ['asciicast', '{"version":1,"stdout":[[0.25,"żółć"]]}'],
    ['messages', '{"messages":[{"role":"user","content":"é"}]}'],
    ['otlp', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"é"}]}]}]}'],
    ['swe-agent', '{"trajectory":[{"action":"é"}],"info":{"exit_status":null}}'],
    ['agentnet', '{"video_start_timestamp":1.5,"model":"é"}'],
    ['activitywatch', '[{"timestamp":"2026-01-01T00:00:00Z","duration":1,"data":{"title":"é"}}]'],
  ])('is truncated wherever it was cut: %s', (format, file) => {
    const size = Buffer.byteLength(file);
    const outcomes = Array.from({ length: size - 1 }, (_, index) => cutAt(format, file, index + 1));
    expect(new Set(outcomes)).toEqual(new Set(['recording_truncated']));
    expect(cutAt(format, file, size)).toMatch(/^[12] records$/);
  });

  it.each([
    ['asciicast', '{"version":3,"term":{"cols":9,"rows":9}}\n[1,"o","é"]\n[1,"i","b"]\n'],
    ['claude-code', '{"type":"summary","summary":"é"}\n{"type":"user","message":{"role":"user","content":"a"}}\n'],
    ['codex', '{"timestamp":"2026-01-05T09:00:00Z","type":"compacted","payload":{"message":"é"}}\n{"type":"a"}\n'],
  ])('is whole up to a line end, and truncated inside a line: %s', (format, file) => {
    const bytes = Buffer.from(file);
    for (let size = 1; size <= bytes.length; size += 1) {
      const isWhole = bytes[size] === 10 || bytes[size - 1] === 10 || size === bytes.length;
      expect(cutAt(format, file, size)).toMatch(isWhole ? /^[123] records$/ : /^recording_truncated$/);
    }
  });

  it.each(examples.filter(([, format]) => format !== 'video'))('%s is refused as truncated', (file, format) => {
    const whole = readFileSync(join(process.cwd(), file), 'utf8');
    expect(cutAt(format, whole, Buffer.byteLength(whole) - 3)).toBe('recording_truncated');
  });
});

describe('a record that is not of its format', () => {
  it.each([
    ['rrweb', '[{"type":4,"data":{},"timestamp":1},"SECRET"]', 1],
    ['asciicast', '{"version":2,"width":80,"height":24}\n[0.1,"o","a"]\n"SECRET"\n', 2],
    ['asciicast', '{"version":1,"stdout":["SECRET"]}', 1],
    ['messages', '[{"role":"user"},"SECRET"]', 1],
    ['messages', '{"role":"user"}\n{"role":"user"}\n"SECRET"\n', 2],
    ['claude-code', '{"type":"user"}\n{"SECRET":1}\n', 1],
    ['otlp', '{"resourceSpans":[{"scopeSpans":[{"spans":[{}]},{"spans":[{},"SECRET"]}]}]}', 2],
    ['otlp', '{"resourceSpans":[{"scopeSpans":[{"spans":[{"event":"SECRET"}]}]}]}', 0],
    ['otlp', '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}\n{"SECRET":1}\n', 1],
    ['codex', '{"type":"compacted","payload":{}}\n\n{"payload":{},"SECRET":1}\n', 1],
    ['codex', '{"type":"compacted","payload":{}}\nSECRET\n{"type":"a"}\n', 1],
    ['swe-agent', '{"trajectory":[{"action":"x"},"SECRET"]}', 1],
    ['swe-agent', '{"trajectory":[{"action":"x"}],"history":["SECRET"]}', 0],
    ['agentnet', '{"time_stamp":1,"action":"move"}\n"SECRET"\n', 1],
    ['cloudevents', '{"specversion":"1.0","id":"1","source":"x","type":"y"}\n{"SECRET":1}\n', 1],
    ['activitywatch', '{"buckets":{"b":{"client":"aw","events":["SECRET"]}}}', 0],
    ['rrweb', '{"type":4,"data":{},"timestamp":1}\n{"SECRET":1}\n', 1],
  ])('is told by its index, and never by what it holds: %s', (format, file, index) => {
    const cut = () => formatOf(format).cut(Buffer.from(file), startedAt);
    expect(cut).toThrow(expect.objectContaining({ code: 'recording_malformed', members: { index } }) as Error);
    expect(cut).not.toThrow('SECRET');
  });
});

/** What a source sealed itself nobody has taken apart here: its parts may be anything, and a session has others beside them. */
it.each(formatNames)('%s is masked whatever stands in place of its parts', (name) => {
  const format = formatOf(name);
  const odd = fc.constantFrom<Json>(
    { '?text': 5 },
    { '?text': [5, null, '~typed', '?'] },
    { '?0': null, role: '=user' },
    [5, { raw: null }],
    { tree: [1], holes: 5 },
    { type: 3, source: 1 },
    { sheet: { columns: [1], ended: true } },
    { type: 'custos.record.messages', data: { '?text': 5 } },
  );
  const parts = fc.dictionary(fc.constantFrom(...fieldNames), fc.oneof(odd, fc.jsonValue() as fc.Arbitrary<Json>));
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), (all) => {
      expect(() => format.assemble(format.mask(maskTo(all, fieldNames)))).not.toThrow();
    }),
    { numRuns: 300 },
  );
});

it('refuses a format that there is not, without naming it', () => {
  expect(() => formatOf('constructor')).toThrow(new Problem('format_unknown'));
});
