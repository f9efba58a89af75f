import type { FieldName } from '../../log/fields.js';
import type { Json, JsonObject } from './format.js';
import type { Classify } from './json-tree.js';

/** Numbers of rrweb's event types (rrweb packages/types, EventType). */
export const eventType = { fullSnapshot: 2, incremental: 3, meta: 4 } as const;
const lastEventType = 6;

/** Sources of incremental events (IncrementalSource) and the field that holds their data. Others are `other`. */
export const sourceFields: Readonly<Record<number, FieldName>> = {
  0: 'screen', // mutation: its texts and addresses are taken out
  1: 'pointer', // mouse move
  2: 'pointer', // mouse interaction
  3: 'pointer', // scroll
  4: 'window', // viewport resize
  5: 'typed', // input
  6: 'pointer', // touch move
  7: 'screen', // media interaction
  8: 'screen', // style sheet rule
  9: 'screen', // canvas mutation
  10: 'screen', // font
  12: 'pointer', // drag
  13: 'screen', // style declaration
  14: 'pointer', // selection
  15: 'screen', // adopted style sheet
  16: 'screen', // custom element
};
export const mutationSource = 0;

export const isEventType = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && !Object.is(value, -0) && value >= 0 && value <= lastEventType;

const addresses = new Set([
  'action', 'background', 'cite', 'data', 'formaction', 'href', 'ping', 'poster', 'rr_src', 'src', 'srcset', 'xlink:href',
]); // prettier-ignore
const spoken = new Set(['alt', 'content', 'label', 'placeholder', 'srcdoc', 'summary', 'title']);
const typedInto = new Set(['checked', 'rr_value', 'selected', 'value']);

/** Field of an attribute's value. Style and everything that only shapes the page stays with the structure. */
function attributeField(name: string): FieldName | undefined {
  if (addresses.has(name)) return 'url';
  if (typedInto.has(name)) return 'typed';
  return spoken.has(name) || name.startsWith('aria-') || name.startsWith('data-') ? 'screen.text' : undefined;
}

/** Which leaves of a snapshot or a mutation do not belong to `screen`. */
export const classifyDom: Classify = (key, leaf, path) => {
  if (typeof leaf !== 'string' && typeof leaf !== 'boolean') return undefined;
  const parent = path.at(-1) as Json;
  if (key === 'textContent') return textField(parent as JsonObject, path);
  const owner = path.at(-2) as JsonObject | undefined;
  // A mutated text: { id, value } in the list `texts`. Whose text it is, is not told: it may have been typed.
  if (key === 'value' && Array.isArray(path.at(-2))) return 'screen.text';
  if (owner !== undefined && !Array.isArray(owner) && owner['attributes'] === parent) return attributeField(key);
  return undefined;
};

function textField(node: JsonObject, path: readonly Json[]): FieldName | undefined {
  // From the node up: its list of siblings, then the element that holds it.
  const holder = path.at(-3);
  const tag =
    typeof holder === 'object' && holder !== null && !Array.isArray(holder)
      ? (holder as JsonObject)['tagName']
      : undefined;
  if (node['isStyle'] === true || tag === 'style') return undefined;
  if (tag === 'title') return 'window';
  return tag === 'textarea' ? 'typed' : 'screen.text';
}
