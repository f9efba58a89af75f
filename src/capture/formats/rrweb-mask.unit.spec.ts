import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { fieldNames, type FieldName } from '../../log/fields.js';
import type { Json, Parts } from './format.js';
import { formatOf } from './formats.js';

const rrweb = formatOf('rrweb');
interface Event {
  readonly type: number;
  readonly data: Record<string, never>;
  readonly timestamp: number;
}
const mask = (parts: readonly Parts[]): Event[] =>
  rrweb.mask(parts.map((one, sequence) => ({ sequence, time: 1000 + sequence, parts: one }))) as unknown as Event[];
const maskAll = (...events: object[]): Event[] => mask(events.map((event) => rrweb.decompose(event as Json)));
const grantedOnly = (parts: Parts, granted: readonly FieldName[]): Parts =>
  Object.fromEntries(Object.entries(parts).filter(([field]) => granted.includes(field as FieldName)));

const text = (id: number, textContent: string) => ({ type: 3, id, textContent });
const element = (id: number, tagName: string, childNodes: object[] = [], attributes = {}) => ({
  type: 2,
  id,
  tagName,
  attributes,
  childNodes,
});
const snapshot = {
  type: 2,
  data: {
    node: {
      type: 0,
      id: 1,
      childNodes: [element(2, 'html', [element(3, 'body', [element(4, 'p', [text(5, 'hello')])])])],
    },
  },
  timestamp: 1,
};
const mutation = (data: object) => ({
  type: 3,
  data: { source: 0, texts: [], attributes: [], removes: [], adds: [], ...data },
  timestamp: 2,
});
const dataAt = (events: Event[], index: number) => events[index]?.data as Record<string, unknown> | undefined;

/** Plays the events as far as nodes come and go, and names each node that an event speaks of and that is not there. */
function missingNodes(events: readonly Event[]): number[] {
  const parents = new Map<number, number>();
  const missing: number[] = [];
  const show = (node: { id: number; childNodes?: [] }, parent: number): void => {
    parents.set(node.id, parent);
    for (const child of node.childNodes ?? []) show(child, node.id);
  };
  const isHere = (id: number): boolean => id === 0 || (parents.has(id) && isHere(parents.get(id) as number));
  const need = (id: unknown) => isHere(id as number) || missing.push(id as number);
  for (const { type, data } of events) {
    const { source, id, positions, ranges, removes, adds, texts, attributes } = data as unknown as {
      source: number;
      id?: number;
      positions?: { id: number }[];
      ranges?: { start: number; end: number }[];
    } & Record<
      'removes' | 'adds' | 'texts' | 'attributes',
      { id: number; parentId: number; nextId: number; node: { id: number } }[]
    >;
    if (type === 2) {
      parents.clear();
      show((data as unknown as { node: { id: number } }).node, 0);
    }
    if (type !== 3) continue;
    if (source === 0) {
      for (const one of removes) {
        need(one.id);
        need(one.parentId);
        parents.delete(one.id);
      }
      for (const one of adds) show(one.node, one.parentId);
      for (const one of adds) [one.parentId, ...(one.nextId === null ? [] : [one.nextId])].forEach(need);
      [...texts, ...attributes].forEach((one) => need(one.id));
    } else if (source !== 4) {
      const ids = positions?.map((one) => one.id) ?? ranges?.flatMap(({ start, end }) => [start, end]) ?? [id];
      ids.forEach(need);
    }
  }
  return missing;
}

describe('a masked page never shows', () => {
  it('an event of nodes that are not there', () => {
    const events = maskAll(
      snapshot,
      mutation({
        texts: [{ id: 99, value: 'x' }],
        removes: [{ parentId: 98, id: 99 }],
        adds: [{ parentId: 97, nextId: null, node: text(96, 'x') }],
      }),
      { type: 3, data: { source: 13, id: 99, index: [0], set: {} }, timestamp: 3 },
      { type: 3, data: { source: 14, ranges: [{ start: 5, startOffset: 0, end: 99, endOffset: 0 }] }, timestamp: 3 },
    );
    expect(events.map(({ type }) => type)).toEqual([4, 2]);
  });

  it('what was below a node that is gone', () => {
    const gone = mutation({ removes: [{ parentId: 3, id: 4 }] });
    const below = mutation({ texts: [{ id: 5, value: 'x' }] });
    expect(maskAll(snapshot, below)).toHaveLength(3);
    expect(maskAll(snapshot, gone, below)).toHaveLength(3);
  });

  it('fonts, canvases, media and custom elements, which fetch or run', () => {
    const events = [7, 9, 10, 16].map((source) => ({
      type: 3,
      data: { source, id: 4, fontSource: 'http://x' },
      timestamp: 2,
    }));
    expect(maskAll(snapshot, ...events)).toHaveLength(2);
  });

  it('how long a text was that was not granted', () => {
    const shown = (value: string) => {
      const parts = rrweb.decompose({
        ...snapshot,
        data: { node: { type: 0, id: 1, childNodes: [text(2, value)] } },
      } as Json);
      return JSON.stringify(mask([grantedOnly(parts, ['kind', 'screen'])]));
    };
    expect(shown('a')).toBe(shown('a text of some length'));
  });
});

describe('a masked page starts with its size and a page', () => {
  it('that are blank, if it begins in the middle', () => {
    const move = { type: 3, data: { source: 1, positions: [{ x: 1, y: 2, id: 4, timeOffset: 0 }] }, timestamp: 2 };
    const events = maskAll(move, snapshot, move);
    expect(events.map(({ type }) => type)).toEqual([4, 2, 3, 2, 3]);
    const [blank, real] = [dataAt(events, 2), dataAt(events, 4)].map(
      (data) => (data?.['positions'] as { id: number }[])[0]?.id,
    );
    expect([blank, real]).toEqual([1_000_000_004, 4]); // The body of the blank page; the node itself.
  });

  it('with a box for each that was typed into, where the page itself was not granted', () => {
    const typed = (id: number, text: string) => ({
      type: 3,
      data: { source: 5, id, text, isChecked: false },
      timestamp: 3,
    });
    const parts = [typed(7, 'a'), typed(7, 'ab'), typed(8, 'c')].map((event) =>
      grantedOnly(rrweb.decompose(event as Json), ['typed']),
    );
    const events = mask(parts);
    expect(missingNodes(events)).toEqual([]);
    expect(events.slice(2).map(({ data }) => (data as { text?: string }).text ?? 'box')).toEqual([
      'box',
      'a',
      'ab',
      'box',
      'c',
    ]);
  });

  it.each([[[]], [['kind']], [['pointer', 'kind']], [['screen']]])('if only %j was granted', (granted) => {
    const load = { type: 0, data: {}, timestamp: 0 };
    const meta = { type: 4, data: { href: 'http://x', width: 10, height: 20 }, timestamp: 0 };
    const parts = [load, meta, snapshot].map((event) =>
      grantedOnly(rrweb.decompose(event as Json), granted as FieldName[]),
    );
    expect(mask(parts).map(({ type }) => type)).toEqual([4, 2]);
  });

  it('even if nothing was granted of nothing', () => expect(mask([]).map(({ type }) => type)).toEqual([4, 2]));
});

describe('a masked mutation', () => {
  it('keeps children that stand before their parent, and the order', () => {
    const adds = [
      { parentId: 11, nextId: null, node: text(12, 'x') },
      { parentId: 4, nextId: 5, node: element(10, 'b') },
      { parentId: 10, nextId: 77, node: element(11, 'i') },
    ];
    const shown = dataAt(maskAll(snapshot, mutation({ adds })), 2)?.['adds'] as {
      node: { id: number };
      nextId: number | null;
    }[];
    expect(shown.map(({ node, nextId }) => [node.id, nextId])).toEqual([
      [12, null],
      [10, 5],
      [11, null],
    ]);
  });

  it('leaves boxes and fields as the page has them, if what was typed was not granted', () => {
    const change = mutation({ attributes: [{ id: 4, attributes: { checked: true, value: 'x', class: 'c' } }] });
    const parts = [snapshot, change].map((event) => grantedOnly(rrweb.decompose(event as Json), ['kind', 'screen']));
    const [item] = dataAt(mask(parts), 2)?.['attributes'] as { attributes: object }[];
    expect(item?.attributes).toEqual({ class: 'c', checked: null, value: null });
  });
});

const folder = join(process.cwd(), '../shared/data/rrweb');
const files = [
  join(process.cwd(), 'examples/sign-up.rrweb.json'),
  ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
].filter((path) => existsSync(path));
if (files.length < 2) process.stderr.write('skipped: rrweb recordings of others, ../shared/data is absent\n');

describe.each(files)('%s', (path) => {
  const parts = rrweb.cut(new Uint8Array(readFileSync(path)), 0).map(({ data }) => rrweb.decompose(data));
  const fetching =
    /"(?:src|href|srcset|poster|action)":"(?!about:blank|data:image\/(?:png|jpe?g|gif|webp))|[^-\w](?:url\((?!\s*(?:\\"|')?(?:#|data:image))|image-set\()|@import/i;

  it('masked to any fields, from anywhere to anywhere, plays and fetches nothing', () =>
    fc.assert(
      fc.property(fc.subarray(fieldNames), fc.nat(parts.length), fc.nat(parts.length), (granted, from, size) => {
        const events = mask(parts.slice(from, from + size).map((one) => grantedOnly(one, granted)));
        expect(events.slice(0, 2).map(({ type }) => type)).toEqual([4, 2]);
        expect(missingNodes(events)).toEqual([]);
        const page = events.filter(({ type }) => type === 2 || type === 3);
        expect(fetching.exec(JSON.stringify(page))?.[0]).toBeUndefined();
      }),
      { numRuns: 25 },
    ));
});
