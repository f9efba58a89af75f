import type { FieldName } from '../../log/fields.js';
import type { Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { fill, isObject, type Carrier } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { eventType, source } from './rrweb-fields.js';
import { blankAddress, inertAttributes, inertCss, inertStyles, inertTag } from './rrweb-inert.js';

/** Of one length always: how long a text was is content too. */
export const maskedText = '••••••••';
export const blankSize = { width: 1280, height: 720 };
const noOffset = { left: 0, top: 0 };

const element = (id: number, tagName: string, childNodes: JsonObject[]): JsonObject => ({
  type: 2,
  id,
  tagName,
  attributes: {},
  childNodes,
});
/** Far above what rrweb counts, so that an id of the recording never names a node of this page. */
const blankIds = 1_000_000_000;
const doctype = { type: 1, id: blankIds + 1, name: 'html', publicId: '', systemId: '' };
export const blankPage: JsonObject = {
  node: {
    type: 0,
    id: blankIds,
    childNodes: [
      doctype,
      element(blankIds + 2, 'html', [element(blankIds + 3, 'head', []), element(blankIds + 4, 'body', [])]),
    ],
  },
  initialOffset: noOffset,
};

/** What one record tells, as an event; undefined if no player could show it. Whether its nodes exist is not asked. */
export function maskedEvent({ parts, time: timestamp }: MaskedRecord): JsonObject | undefined {
  const type = partOf(parts.kind, 'type') ?? typeTold(parts);
  const data = dataTold(type, parts);
  return data === undefined ? undefined : { type: type as number, data, timestamp };
}

function dataTold(type: Json | undefined, parts: Parts): JsonObject | undefined {
  switch (type) {
    case eventType.meta:
      return metaTold(parts);
    case eventType.fullSnapshot:
      return pageTold(parts);
    case eventType.incremental:
      return isCarrier(parts.screen) ? mutationTold(parts) : changeTold(parts);
    case eventType.custom:
    case eventType.plugin: {
      const data = partOf(parts.other, 'data');
      const name = partOf(data, type === eventType.custom ? 'tag' : 'plugin');
      return isObject(data) && typeof name === 'string' ? data : undefined;
    }
    default:
      return undefined;
  }
}

/** Without its kind, a record still tells by its data what it was. */
function typeTold({ url, window, screen, typed, pointer }: Parts): number | undefined {
  if (isCarrier(screen)) return 'node' in treeOf(screen) ? eventType.fullSnapshot : eventType.incremental;
  if ([typed, pointer, window, screen].some(hasSource)) return eventType.incremental;
  return isObject(url) || isObject(window) ? eventType.meta : undefined;
}

const hasSource = (part: Json | undefined): part is JsonObject => partOf(part, 'source') !== undefined;
const isCarrier = (part: Json | undefined): part is JsonObject => isObject(part) && 'holes' in part && 'tree' in part;
const treeOf = (screen: JsonObject): JsonObject => (isObject(screen['tree']) ? screen['tree'] : {});

function metaTold({ url, window }: Parts): JsonObject {
  const size = (key: 'width' | 'height') => {
    const told = partOf(window, key);
    return typeof told === 'number' && told > 0 ? told : blankSize[key];
  };
  return { href: partOf(url, 'href') ?? blankAddress, width: size('width'), height: size('height') };
}

/** Events that fetch, run or draw pictures of their own are not here: media, canvas, fonts, custom elements. */
function changeTold(parts: Parts): JsonObject | undefined {
  const part = [parts.typed, parts.pointer, parts.window, parts.screen].find(hasSource);
  const has = (...keys: string[]) => part !== undefined && keys.every((key) => partOf(part, key) !== undefined);
  switch (partOf(part, 'source')) {
    case source.mouseMove:
    case source.touchMove:
    case source.drag:
      return has('positions') ? part : undefined;
    case source.mouseInteraction:
      return has('id', 'type') ? part : undefined;
    case source.scroll:
      return has('id', 'x', 'y') ? part : undefined;
    case source.resize:
      return has('width', 'height') ? part : undefined;
    case source.input:
      return has('id', 'text') ? part : undefined;
    case source.selection:
      return has('ranges') ? part : undefined;
    case source.styleSheetRule:
    case source.styleDeclaration:
    case source.adoptedStyleSheet:
      return inertStyles(part as JsonObject) as JsonObject;
    default:
      return undefined;
  }
}

function pageTold(parts: Parts): JsonObject {
  const data = isCarrier(parts.screen) ? filled(parts, parts.screen) : {};
  const root = inertNode(data['node'] as Json, undefined);
  const scrolled = (parts.pointer as readonly Json[] | undefined)?.[0];
  const { top = 0, left = 0 } = (isObject(scrolled) ? scrolled : {}) as { top?: Json; left?: Json };
  return { node: root?.['type'] === 0 ? root : (blankPage['node'] as Json), initialOffset: { left, top } };
}

function mutationTold(parts: Parts): JsonObject {
  const data = filled(parts, parts.screen as JsonObject);
  const items = (key: string) => ((partOf(data, key) ?? []) as Json[]).filter(isObject);
  return {
    source: source.mutation,
    texts: items('texts').map(({ id, value }) => ({
      id: id as Json,
      value: typeof value === 'string' ? inertCss(value) : null,
    })),
    attributes: items('attributes').map(({ id, attributes }) => ({
      id: id as Json,
      attributes: inertAttributes(isObject(attributes) ? attributes : {}),
    })),
    removes: items('removes').map(({ parentId, id, isShadow }) => ({
      parentId: parentId as Json,
      id: id as Json,
      ...(isShadow === true ? { isShadow } : {}),
    })),
    adds: items('adds').flatMap(({ parentId, nextId, node }) => {
      const inert = inertNode(node, undefined);
      return inert === undefined ? [] : [{ parentId: parentId as Json, nextId: nextId ?? null, node: inert }];
    }),
    ...(data['isAttachIframe'] === true ? { isAttachIframe: true } : {}),
  };
}

/** What stands where nothing was granted. A box that may have been ticked is left as the page has it. */
const placeholders: { readonly [F in FieldName]?: Json } = { 'screen.text': maskedText, window: maskedText };

/** Addresses are never put back, nor what nobody named: a player would fetch the one and might run the other. */
function filled(parts: Parts, carrier: JsonObject): JsonObject {
  const used = new Map<FieldName, number>();
  const tree = fill(carrier as unknown as Carrier, (field) => {
    if (field === 'url') return blankAddress;
    if (field === 'other') return null;
    const index = used.get(field) ?? 0;
    used.set(field, index + 1);
    return (parts[field] as readonly Json[] | undefined)?.[index] ?? placeholders[field] ?? null;
  });
  return isObject(tree) ? tree : {};
}

const kept = ['id', 'rootId', 'isSVG', 'isShadow', 'isShadowHost', 'needBlock', 'isStyle'] as const;

/** A node of known shape, that fetches and runs nothing; undefined for one of another shape. `holder` is its parent's tag. */
function inertNode(node: Json | undefined, holder: string | undefined): JsonObject | undefined {
  if (!isObject(node) || typeof node['id'] !== 'number') return undefined;
  const { type, tagName, compatMode } = node;
  const same = Object.fromEntries(kept.filter((key) => key in node).map((key) => [key, node[key] as Json]));
  const below = (tag: string | undefined) =>
    ((partOf(node, 'childNodes') ?? []) as Json[]).flatMap((child) => inertNode(child, tag) ?? []);
  switch (type) {
    case 0:
      return { type, ...same, ...(compatMode === 'BackCompat' ? { compatMode } : {}), childNodes: below('') };
    case 1:
      return { type, ...same, name: 'html', publicId: '', systemId: '' };
    case 2: {
      const tag = inertTag(typeof tagName === 'string' ? tagName : '');
      const attributes = inertAttributes(isObject(node['attributes']) ? node['attributes'] : {});
      return { type, ...same, tagName: tag, attributes, childNodes: below(tag.toLowerCase()) };
    }
    case 3:
    case 4:
    case 5: {
      const told = node['textContent'];
      const isCss = node['isStyle'] === true || holder === 'style' || holder === undefined;
      const textContent = typeof told === 'string' ? told : '';
      return { type, ...same, textContent: isCss ? inertCss(textContent) : textContent };
    }
    default:
      return undefined;
  }
}
