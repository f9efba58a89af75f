import { processorMs } from '../../../test/processor-ms.js';
import type { Cutter } from './cutter.js';
import type { Json } from './format.js';
import { formatOf, type FormatName } from './formats.js';
import { headBytes, headOf } from './head.js';
import { mostTime } from './record-time.js';

/** What fuzzing found (`npm run test:fuzz`), each by its smallest form: cut in pieces, it must be what it is as a whole. */
const rrweb = '{"type":4,"data":{},"timestamp":1}';
const event = '{"specversion":"1.0","id":"1","source":"x","type":"y"}';
it.each<[what: string, FormatName, string, string]>([
  ['a list that a brace ends', 'rrweb', `[${rrweb},${rrweb}}`, 'recording_malformed'],
  ['a wrapped list that a brace ends', 'rrweb', `{"result":[${rrweb}}}`, 'recording_malformed'],
  ['a last line that ends inside, and has its line end', 'cloudevents', `${event}\n{"a":[\n`, 'recording_malformed'],
  ['a last line that ends inside', 'cloudevents', `${event}\n{"a":[`, 'recording_truncated'],
  ['a table of white space', 'mouse-csv', ' \n \n', 'recording_empty'],
  ['a table below white space', 'mouse-csv', ' \n1,2\n', 'recording_malformed'],
])('%s is refused, whole and in pieces alike', (_what, name, text, code) => {
  const format = formatOf(name);
  expect(() => format.cut(Buffer.from(text), 0)).toThrow(expect.objectContaining({ code }) as Error);
  for (const length of [1, 7, text.length]) {
    expect(() => inPieces(format.cutter?.(0) as Cutter, text, length)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  }
});

it.each<[FormatName, string]>([
  ['mouse-csv', '990071992547409930,NoButton,Move,1,2\n'],
  ['asciicast', '{"version":2,"width":8,"height":8}\n[1e300,"o","a"]\n'],
  ['agentnet', '{"time_stamp":1,"action":"move"}\n{"time_stamp":1e300,"action":"move"}\n'],
  ['claude-code', '{"type":"user","timestamp":"9999-12-31T23:59:59-12:00"}\n'],
  ['activitywatch', '[{"timestamp":"9999-12-31T23:59:59-12:00","duration":1,"data":{}}]'],
])('a time beyond all calendars is the last that there is: %s', (name, text) => {
  expect(formatOf(name).cut(Buffer.from(text), 0).at(-1)?.time).toBe(mostTime);
});

describe('a recording that somebody made to be slow is cut in time that grows as it does', () => {
  const most = 4000;

  it.each(['rrweb', 'agentnet', 'asciicast', 'mouse-csv'] as const)('one line of %s', async (name) => {
    const cutter = formatOf(name).cutter?.(0) as Cutter;
    const piece = 'x'.repeat(64 * 1024);
    // Some 200 ms; where each piece was a search from the beginning, 12 to 25 s.
    expect(await processorMs(() => Array.from({ length: 512 }, () => cutter.push(piece)))).toBeLessThan(most);
  });

  it.each(['[', '[[1,', '{"a":'])('told by its beginning, of nothing but %s', async (unit) => {
    // Some 10 ms; where each bracket was closed anew, 20 to 85 s.
    expect(await processorMs(() => headOf(Buffer.from(unit.repeat(headBytes / unit.length))))).toBeLessThan(most);
  });

  it('of a bucket for each event', async () => {
    const bucket = { client: 'x', events: [{ timestamp: '2026-01-01T00:00:00Z', duration: 1, data: {} }] };
    const buckets = Object.fromEntries(Array.from({ length: 8000 }, (_, index) => [`bucket-${index}`, bucket]));
    const file = Buffer.from(JSON.stringify({ buckets }));
    // Some 100 ms; where each bucket was a copy of all, 47 s.
    expect(await processorMs(() => formatOf('activitywatch').cut(file, 0))).toBeLessThan(most);
  });
});

function inPieces(cutter: Cutter, text: string, length: number): Json[] {
  const records = [];
  for (let at = 0; at < text.length; at += length) records.push(...cutter.push(text.slice(at, at + length)));
  const { first, last } = cutter.end();
  return [...first, ...records, ...last].map(({ data }) => data);
}
