import { gzipSync, zlibSync } from 'fflate';
import type { Json, Parts } from './formats/format.js';
import { formatOf } from './formats/formats.js';
import { weightOf } from './gather-posts.js';
import { decomposeAll } from './take-apart.js';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const packed = (data: string) => latin1(zlibSync(Buffer.from(`{"type":3,"data":${data},"timestamp":1,"v":"v1"}`)));
const gzipped = (data: string) => ({
  ...{ type: 2, timestamp: 1, cv: '2024-10' },
  data: latin1(gzipSync(Buffer.from(data), { mtime: 1000 })),
});
const span = (text: string) => ({
  ...{ name: 'chat', startTimeUnixNano: '1' },
  attributes: [{ key: 'gen_ai.input.messages', value: { stringValue: text } }],
});

describe('what is written inside of a record, deeper than any column holds, stays there as it was sent', () => {
  it.each([1201, 5000, 10_000, 100_000])('%d levels deep, and the records beside it are kept', (levels) => {
    for (const [name, plain, deep] of [
      ['rrweb', packed('{}'), packed(nested(levels))],
      ['rrweb', packed('{}'), gzipped(nested(levels))],
      ['otlp', span('[{"role":"user"}]'), span(`[{"role":"user","content":[${nested(levels)}]}]`)],
    ] as const) {
      const format = formatOf(name);
      const taken = decomposeAll([plain, deep, plain], format) as Parts[];
      expect(taken[2]).toEqual(taken[0]);
      expect(weightOf(taken)).toBeGreaterThan(0);
      expect(JSON.stringify(taken[1]?.other)).toContain(JSON.stringify(inside(deep)).slice(1, -1));
      expect(taken.map((parts) => format.reassemble(parts))).toEqual([plain, deep, plain]);
    }
  });
});

function inside(record: Json): Json {
  if (typeof record === 'string') return record;
  const { data, attributes } = record as { data?: Json; attributes?: { value: { stringValue: string } }[] };
  return data ?? attributes?.[0]?.value.stringValue ?? null;
}
