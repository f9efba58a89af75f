import type { Json, JsonObject } from './format.js';
import { withKey } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { eventType, source } from './rrweb-fields.js';
import { blankAddress } from './rrweb-inert.js';
import { blankPage, blankSize } from './rrweb-mask.js';
import { Page } from './rrweb-page.js';

/**
 * Events in an order that the player starts with, and none that names a node that is not there. A disclosure may
 * begin in the middle of a session, or hold the mouse without the page under it. `startedAt` is epoch ms.
 */
export function playable(events: readonly JsonObject[], startedAt: number): JsonObject[] {
  const shown: JsonObject[] = [];
  let page: Page | undefined;
  let meta: JsonObject | undefined;
  const start = (snapshot: JsonObject, timestamp: Json): void => {
    shown.push(meta ?? { type: eventType.meta, data: { href: blankAddress, ...blankSize }, timestamp }, snapshot);
  };
  for (const event of events) {
    if (page === undefined && event['type'] === eventType.meta) {
      meta = event;
      continue;
    }
    const timestamp = event['timestamp'] as Json;
    if (event['type'] === eventType.fullSnapshot) {
      if (page === undefined) start(event, timestamp);
      else shown.push(event);
      page = new Page(partOf(event['data'], 'node') as JsonObject);
      continue;
    }
    if (page === undefined) {
      const [blank, blankNodes] = blankSnapshot(timestamp);
      start(blank, timestamp);
      page = blankNodes;
    }
    const told = event['data'] as JsonObject;
    const box = event['type'] === eventType.incremental ? boxFor(page, told) : undefined;
    if (box !== undefined) shown.push({ type: eventType.incremental, data: box, timestamp });
    const data = event['type'] === eventType.incremental ? onPage(page, told) : told;
    if (data !== undefined) shown.push({ ...event, data });
  }
  if (page === undefined) start(blankSnapshot(startedAt)[0], meta?.['timestamp'] ?? startedAt);
  return shown;
}

const blankSnapshot = (timestamp: Json): [JsonObject, Page] => [
  { type: eventType.fullSnapshot, data: blankPage, timestamp },
  new Page(blankPage['node'] as JsonObject),
];

/**
 * What was typed was granted, and perhaps not the page that it was typed into: it gets a box of its own, as a
 * mutation, or the player would have nowhere to show it.
 */
function boxFor(page: Page, data: JsonObject): JsonObject | undefined {
  const id = data['id'];
  return data['source'] === source.input && typeof id === 'number' && !page.has(id)
    ? page.mutated({ source: source.mutation, texts: [], attributes: [], removes: [], adds: [boxAt(page.anchor, id)] })
    : undefined;
}

const boxAt = (parentId: number, id: number): JsonObject => ({
  parentId,
  nextId: null,
  node: { type: 2, id, tagName: 'textarea', attributes: {}, childNodes: [] },
});

/** The data as far as its nodes are on the page. A pointer keeps its place over a node that is not shown. */
function onPage(page: Page, data: JsonObject): JsonObject | undefined {
  const placed = (one: JsonObject) => (page.has(one['id']) ? one : withKey(one, 'id', page.anchor));
  switch (data['source']) {
    case source.mutation:
      return page.mutated(data);
    case source.mouseMove:
    case source.touchMove:
    case source.drag:
      return { ...data, positions: (data['positions'] as JsonObject[]).map(placed) };
    case source.mouseInteraction:
    case source.scroll:
      return placed(data);
    case source.resize:
      return data;
    case source.selection:
      return (data['ranges'] as JsonObject[]).every(({ start, end }) => page.has(start) && page.has(end))
        ? data
        : undefined;
    default:
      return page.has(data['id']) ? data : undefined;
  }
}
