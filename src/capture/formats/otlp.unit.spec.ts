import type { FieldName } from '../../log/fields.js';
import type { Json, MaskedRecord } from './format.js';
import { otlp } from './otlp.js';
import { logs, newerTrace, olderTrace } from './sample-traces.spec.js';

const cut = (file: Uint8Array) => otlp.cut(file, 0);
const keep = (file: Uint8Array, granted: readonly FieldName[]): MaskedRecord[] =>
  cut(file).map(({ data, time }, sequence) => ({
    sequence,
    time,
    parts: Object.fromEntries(
      Object.entries(otlp.decompose(data)).filter(([field]) => granted.includes(field as FieldName)),
    ),
  }));
const assembled = (records: readonly MaskedRecord[]) =>
  Buffer.from(otlp.assemble(otlp.mask(records)))
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line) as Export);

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly { readonly key: string; readonly value: { readonly [form: string]: Json } }[];
  readonly events?: readonly { readonly name: string; readonly timeUnixNano: string }[];
}
interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}
const spansOf = (all: readonly Export[]) =>
  all.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );

describe('a trace', () => {
  it('stores its resources once, in the frame of their spans', () => {
    const stored = cut(newerTrace).map(({ data }) => JSON.stringify(otlp.decompose(data)));
    expect(stored.filter((record) => record.includes('annas-laptop'))).toHaveLength(1);
  });

  it('has the time of each span and of each event, and not of the span that an event is in', () => {
    const times = cut(olderTrace).map(({ data, time }) => [Object.keys(data as object)[0], time - 1_767_603_600_000]);
    expect(times.slice(0, 4)).toEqual([
      ['frame', 0],
      ['traceId', 0],
      ['event', 0],
      ['event', 1000],
    ]);
  });

  it('has the time of the record before, where it tells none', () => {
    const spans = [{ startTimeUnixNano: '0' }, { startTimeUnixNano: 5_000_000_000 }, { startTimeUnixNano: 'x' }];
    const file = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
    expect(otlp.cut(file, 7).map(({ time }) => time)).toEqual([5000, 5000, 5000, 5000]);
  });
});

describe('a masked trace', () => {
  it.each<[string, Uint8Array, readonly FieldName[]]>([
    ['nothing', olderTrace, []],
    ['what was asked', newerTrace, ['prompt']],
    ['its kind', olderTrace, ['kind']],
    ['its kind and what was answered', newerTrace, ['kind', 'response']],
    ['all but what has no name', olderTrace, ['kind', 'time', 'prompt', 'response', 'tool.input', 'tool.output']],
  ])('is what a receiver of OTLP takes, granted %s', (_what, file, granted) => {
    for (const span of spansOf(assembled(keep(file, granted)))) {
      expect(span).toMatchObject({
        traceId: expect.stringMatching(/^[0-9a-f]*[1-9a-f][0-9a-f]*$/) as string,
        spanId: expect.stringMatching(/^(?!0+$)[0-9a-f]{16}$/) as string,
        name: expect.any(String) as string,
        startTimeUnixNano: expect.stringMatching(/^\d+$/) as string,
        endTimeUnixNano: expect.stringMatching(/^\d+$/) as string,
      });
      expect(span.traceId).toHaveLength(32);
      for (const { key, value } of span.attributes ?? [])
        expect([key, Object.keys(value)]).toEqual([key, [form(value)]]);
      for (const event of span.events ?? []) expect(event).toMatchObject({ name: expect.any(String) as string });
    }
  });
  const form = (value: { readonly [form: string]: Json }) =>
    ['stringValue', 'intValue', 'doubleValue', 'boolValue', 'arrayValue', 'kvlistValue'].find((one) => one in value);

  it('has each event in its own span', () =>
    expect(spansOf(assembled(keep(olderTrace, ['kind']))).map(({ events = [] }) => events.length)).toEqual([
      9, 0, 0, 0, 0,
    ]));

  it('never puts an event into another span, where its own was not disclosed', () => {
    const records = keep(olderTrace, ['kind']);
    const [frame, , ...events] = records;
    const other = { ...(records[11] as MaskedRecord), sequence: 1 };
    const spans = spansOf(assembled([frame as MaskedRecord, other, ...events.slice(2, 4)]));
    expect(spans.map(({ events: own = [] }) => own.length)).toEqual([0, 2]);
  });

  it('of logs has every record, and their messages as far as they were granted', () => {
    const text = Buffer.from(otlp.assemble(otlp.mask(keep(logs, ['kind', 'prompt'])))).toString();
    expect(text).toContain('What is a Saldo?');
    expect(text).not.toMatch(/the difference of both sides|It is the balance|a text of its own|look_up/);
  });
});
