import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync as nodeGzip } from 'node:zlib';
import fc from 'fast-check';
import { gzipSync, zlibSync } from 'fflate';
import type { Json, JsonObject } from './format.js';
import { formatOf } from './formats.js';
import { packEvent } from './rrweb-packed.js';

const rrweb = formatOf('rrweb');
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const gzip = (value: Json, seconds = 1_700_000_000) =>
  latin1(gzipSync(Buffer.from(JSON.stringify(value)), { mtime: seconds * 1000 }));
const snapshot = (data: Json): Json => ({ type: 2, data, timestamp: 5, cv: '2024-10' });
const mutation = (packed: object): Json =>
  ({ type: 3, data: { source: 0, ...packed }, timestamp: 5, cv: '2024-10' }) as Json;
const page = { node: { type: 0, id: 1, childNodes: [{ type: 3, id: 2, textContent: 'SECRET' }] } };

/** As @rrweb/packer does it. */
const packAll = (event: Json): Json =>
  latin1(zlibSync(Buffer.from(JSON.stringify({ ...(event as JsonObject), v: 'v1' }))));
/** As posthog-js does it: one empty list is packed once, and shared. */
function packPosthog(event: Json): Json {
  const { type, data } = event as { type: number; data: JsonObject };
  const keys =
    type === 3
      ? ({ 0: ['texts', 'attributes', 'removes', 'adds'], 8: ['adds', 'removes'] }[data['source'] as number] ?? [])
      : [];
  if (type === 2) return { ...(event as JsonObject), data: gzip(data), cv: '2024-10' };
  if (keys.length === 0) return event;
  const packed = keys
    .filter((key) => key in data)
    .map((key) => [key, gzip(data[key] as Json, JSON.stringify(data[key]) === '[]' ? 1_699_999_000 : undefined)]);
  return { ...(event as JsonObject), cv: '2024-10', data: { ...data, ...Object.fromEntries(packed) } };
}
const again = (data: Json) => rrweb.reassemble(rrweb.decompose(data));

const recordings = ['examples/sign-up.rrweb.json', '../shared/data/rrweb/posthog-homepage.json']
  .map((file) => join(process.cwd(), file))
  .filter((path) => existsSync(path));
describe.each(recordings)('%s', (path) => {
  const events = rrweb
    .cut(readFileSync(path), 0)
    .map(({ data }) => data)
    .filter((one) => 'type' in (one as object));
  it.each([
    ['@rrweb/packer', packAll],
    ['PostHog', packPosthog],
  ])('packed by %s comes back byte for byte, and its fields hold what they hold of the plain one', (_name, pack) => {
    for (const event of events) {
      const packed = pack(event);
      const { other: _packing, ...named } = rrweb.decompose(packed);
      const { other: _other, ...plain } = rrweb.decompose(event);
      expect(named).toEqual(plain);
      expect(again(packed)).toEqual(packed);
    }
  });
  it.each([
    ['@rrweb/packer', packAll],
    ['PostHog', packPosthog],
  ])('packed by %s is masked to what the plain one is masked to', (_name, pack) => {
    const masked = (all: readonly Json[]) =>
      rrweb.mask(
        all.map((data, sequence) => {
          const { other: _other, url: _url, typed: _typed, ...parts } = rrweb.decompose(data);
          return { sequence, time: sequence, parts };
        }),
      );
    expect(masked(events.map(pack))).toEqual(masked(events));
  });
});

describe('what was packed stays in `other`, as it was sent', () => {
  const text = gzip(page as Json);
  it.each<[string, Json]>([
    ['by another program', snapshot(latin1(nodeGzip(JSON.stringify(page).repeat(1))).replace(/^(.{9})./s, '$1\x00'))],
    [
      'with blanks in its JSON',
      snapshot(latin1(gzipSync(Buffer.from(JSON.stringify(page, null, 1)), { mtime: 1000 }))),
    ],
    ['cut off', snapshot(text.slice(0, -9))],
    ['with something behind it', snapshot(`${text}SECRET`)],
    ['of another version', { ...(snapshot(text) as JsonObject), cv: '2025-01' }],
    ['with characters that are no bytes', snapshot(`${text.slice(0, -1)}\u0100`)],
    ['as a text that is none', snapshot('SECRET')],
    ['as no JSON', snapshot(latin1(gzipSync(Buffer.from('SECRET'), { mtime: 1000 })))],
    ['as no object', packAll('SECRET')],
    [
      'as an event without its mark',
      latin1(zlibSync(Buffer.from(JSON.stringify({ type: 2, data: page, timestamp: 1 })))),
    ],
    ['as an event of no known type', packAll({ type: 99, data: page as Json, timestamp: 1 })],
    ['twice', packAll(packAll({ type: 2, data: page as Json, timestamp: 1 }))],
  ])('%s', (_how, data) => {
    expect(rrweb.decompose(data)).toEqual(expect.objectContaining({ other: expect.anything() }));
    expect(JSON.stringify(Object.entries(rrweb.decompose(data)).filter(([field]) => field !== 'other'))).not.toContain(
      'SECRET',
    );
    expect(JSON.stringify(again(data))).toBe(JSON.stringify(data));
  });

  it('one byte past what may be unpacked', () => {
    const bytes = JSON.stringify(page).length;
    expect(rrweb.decompose(snapshot(text), { bytes })).toHaveProperty('screen');
    expect(rrweb.decompose(snapshot(text), { bytes: bytes - 1 })).not.toHaveProperty('screen');
  });
  it('once others of the same post took all that may be', () => {
    const budget = { bytes: JSON.stringify(page).length + 10 };
    expect(rrweb.decompose(snapshot(text), budget)).toHaveProperty('screen');
    expect(rrweb.decompose(snapshot(text), budget)).not.toHaveProperty('screen');
    expect(rrweb.decompose(mutation({ texts: '[]', attributes: [], adds: [], removes: [] }), budget)).toHaveProperty(
      'screen',
    );
  });
  it('of which thirty megabytes are one character', () => {
    const bomb = snapshot(latin1(nodeGzip(Buffer.alloc(33 * 1024 * 1024, ' '))));
    expect(Object.keys(rrweb.decompose(bomb))).toEqual(['other']);
  });
  it('and what was unpacked in vain counts as well: a post may hold many of them', () => {
    const budget = { bytes: 32 * 1024 * 1024 };
    rrweb.decompose(snapshot(latin1(nodeGzip(Buffer.alloc(33 * 1024 * 1024, ' ')))), budget);
    expect(budget.bytes).toBe(0);
    // Not so what only begins like it: it gave nothing.
    const left = { bytes: 32 * 1024 * 1024 };
    rrweb.decompose(snapshot(`\x1f\x8bSECRET`), left);
    expect(left.bytes).toBeGreaterThan(31 * 1024 * 1024);
  });
});

it('whatever was packed, comes back byte for byte', () => {
  const values = fc.oneof(fc.jsonValue(), fc.constantFrom([], {}, null, [{ id: 1, value: '\ud800' }], { __proto: 1 }));
  const keys = fc.subarray(['texts', 'attributes', 'removes', 'adds', 'more'], { minLength: 1 });
  fc.assert(
    fc.property(values, keys, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value, packed, seconds) => {
      const inside = Object.fromEntries(packed.map((key) => [key, gzip(value as Json, seconds)]));
      for (const data of [
        snapshot(gzip(value as Json, seconds)),
        mutation(inside),
        packAll({ type: 3, data: value as Json, timestamp: 1 }),
      ]) {
        expect(JSON.stringify(again(data))).toBe(JSON.stringify(data));
      }
    }),
  );
});

/** Bytes that fflate 0.4.8 gave (posthog-js has that one): another version may deflate to others, and then must not come in. */
it('packs to the bytes that the packers give', () => {
  const event = { type: 2, data: { node: { id: 1, textContent: 'aaaaaaaaaaaaaaaaaaaa abc abc' } }, timestamp: 1 };
  const bytes = (text: Json) => Buffer.from((text as JsonObject)['data'] as string, 'latin1').toString('base64');
  expect(bytes(packEvent({ event, packing: { gzip: 1_700_000_000 } }))).toBe(
    'H4sIAADxU2UAA6tWystPSVWyqlbKTFGyMtRRKkmtKHHOzytJzStRslJKxAIUEpOSQVipthYA0fQvDz4AAAA=',
  );
});
