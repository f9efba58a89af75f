import type { FieldName } from '../../log/fields.js';
import type { Json, JsonObject } from './format.js';
import { isObject, type Classify } from './json-tree.js';
import { attributeField } from './rrweb-attributes.js';
import { finite, finiteOrNull, flag, nothing, numbersOf, text, type Shape } from './shapes.js';

/** Chromium nests elements 512 deep, and each takes an object and a list; below that a page is `other`, whole. */
const deepestPath = 1100;

const isList: Shape = (value) => Array.isArray(value);
const isMap: Shape = (value) => isObject(value);
const isOffset = numbersOf('top', 'left');

/** Keys of a snapshot's or a mutation's data that stay in the tree. */
const dataKeys = new Map<string, Shape>(
  Object.entries({
    source: finite,
    node: isMap,
    texts: isList,
    attributes: isList,
    removes: isList,
    adds: isList,
    isAttachIframe: flag,
  }),
);

/** Keys of a serialized node, or of an item of a mutation, that stay in the tree (rrweb packages/types). */
const nodeKeys = new Map<string, Shape>(
  Object.entries({
    type: finite,
    id: finite,
    rootId: finiteOrNull,
    parentId: finiteOrNull,
    nextId: finiteOrNull,
    previousId: finiteOrNull,
    tagName: text,
    attributes: isMap,
    childNodes: isList,
    node: isMap,
    name: text,
    publicId: text,
    systemId: text,
    compatMode: text,
    isSVG: flag,
    isStyle: flag,
    isShadow: flag,
    isShadowHost: flag,
    isCustom: flag,
    needBlock: flag,
    textContent: nothing,
    value: nothing,
  }),
);

/** Which values of a snapshot or a mutation do not belong to `screen`. What is not known is `other`, whole. */
export const classifyDom: Classify = (key, value, path) => {
  const depth = path.length;
  if (depth === 0) return undefined;
  if (depth > deepestPath) return 'other';
  const holder = path[depth - 1] as Json;
  if (Array.isArray(holder)) return isObject(value) || isAttributes(path, depth - 3) ? undefined : 'other';
  if (depth === 1) {
    return key === 'initialOffset' && isOffset(value) ? 'pointer' : staysBy(dataKeys, key, value);
  }
  // Nodes stand in lists. Only attributes, their styles and the node of an addition stand in an object.
  if (!Array.isArray(path[depth - 2])) {
    if (isAttributes(path, depth - 1)) return attributeField(key, value);
    if (isAttributes(path, depth - 2)) return undefined;
  }
  if (key === 'textContent' && typeof value === 'string') return textField(value, path);
  // A mutated text: { id, value } in the list `texts`. Whose text it is, is not told: it may have been typed.
  if (key === 'value' && typeof value === 'string') return 'screen.text';
  return staysBy(nodeKeys, key, value);
};

const staysBy = (known: ReadonlyMap<string, Shape>, key: string, value: Json): FieldName | undefined =>
  known.get(key)?.(value) === true ? undefined : 'other';

/** Whether the value at this place of the path is the map of attributes of the one above. */
function isAttributes(path: readonly Json[], at: number): boolean {
  if (at < 2) return false;
  const owner = path[at - 1];
  return isObject(owner) && owner['attributes'] === path[at] && isObject(path[at]);
}

function textField(value: string, path: readonly Json[]): FieldName | undefined {
  // From the node up: its list of siblings, then the element that holds it.
  const node = path.at(-1) as JsonObject;
  const element = path.at(-3);
  const name = isObject(element) ? element['tagName'] : undefined;
  const tag = typeof name === 'string' ? name.toLowerCase() : undefined;
  if (tag === 'textarea') return 'typed';
  // Indentation is structure. Masked like text, it would put dots between all elements.
  if (value.trim() === '') return undefined;
  if (tag === 'script') return 'other';
  if (node['isStyle'] === true || tag === 'style') return undefined;
  return tag === 'title' && isObject(element) && element['isSVG'] !== true ? 'window' : 'screen.text';
}
