import { type Problem } from '../../problem.js';
import type { Json } from './format.js';
import type { Cutter } from './cutter.js';
import { formatOf } from './formats.js';

const rrweb = (timestamp: number): Json => ({ type: 4, data: { href: 'about:blank', width: 1, height: 1 }, timestamp });
const agentnet = (time: number): Json => ({ time_stamp: time, action: 'move', x: 1, y: 2, event_idx: 0 });
const inLines = (records: readonly Json[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const inWrapper = (records: readonly Json[]) =>
  JSON.stringify({ next: null, empty: [], result: { numbers: [1, 2], snapshots: records, '9': '' }, __proto: {} });

describe.each([
  ['rrweb', [rrweb(1), rrweb(2), rrweb(3)]],
  ['agentnet', [agentnet(1), agentnet(2), agentnet(3)]],
] as const)('%s', (name, records) => {
  const { cut, cutter, decompose, reassemble, assemble } = formatOf(name);
  const inPieces = (file: string) => () => {
    const pieces = cutter?.(0) as Cutter;
    const records = [...file].flatMap((character) => pieces.push(character));
    const { first, last } = pieces.end();
    return [...first, ...records, ...last];
  };
  const again = (file: string) => {
    const found = cut(Buffer.from(file), 0).map(({ data }) => reassemble(decompose(data)));
    return Buffer.from(assemble(found)).toString('utf8');
  };

  it.each([
    ['an array', JSON.stringify(records)],
    ['an array of one', JSON.stringify(records.slice(1))],
    ['lines', inLines(records)],
    ['a wrapper', inWrapper(records)],
    ['an array in a wrapper three deep', JSON.stringify({ a: { b: { c: records } } })],
  ])('comes back from %s as it was', (_what, file) => {
    expect(again(file).trimEnd()).toBe(file.trimEnd());
    expect(inPieces(file)()).toEqual(cut(Buffer.from(file), 0));
  });

  it('comes back from lines without a last end, and with blank ones between, as the same lines', () => {
    expect(again(inLines(records).trimEnd().replace('\n', '\n\n'))).toBe(inLines(records));
  });

  it.each([
    ['an empty array', '[]', 'recording_empty'],
    ['an empty array in a wrapper', '{"a":{"b":[]}}', 'recording_empty'],
    ['an array in a wrapper four deep', JSON.stringify({ a: { b: { c: { d: records } } } }), 'recording_malformed'],
    ['a list with what looks like a frame', JSON.stringify([...records, { frame: null }]), 'recording_malformed'],
    ['an array without its end', JSON.stringify(records).slice(0, -1), 'recording_truncated'],
    ['an array that ends in a record', JSON.stringify(records).slice(0, -3), 'recording_truncated'],
    ['a wrapper without its end', inWrapper(records).slice(0, -1), 'recording_truncated'],
    ['an array with a hole', JSON.stringify(records).replace('},{', '},,{'), 'recording_malformed'],
    ['an array with something behind it', `${JSON.stringify(records)}]`, 'recording_malformed'],
    ['a line that is cut off', inLines(records).slice(0, -3), 'recording_truncated'],
    ['lines of something else', '{"a":1}\n{"b":2}\n', 'recording_malformed'],
  ])('is not in %s', (_what, file, code) => {
    expect(() => cut(Buffer.from(file), 0)).toThrow(expect.objectContaining({ code }) as Problem);
    expect(inPieces(file)).toThrow(expect.objectContaining({ code }) as Problem);
  });
});
