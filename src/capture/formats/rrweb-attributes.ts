import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { isObject } from './json-tree.js';

export const addresses: ReadonlySet<string> = new Set([
  'action', 'background', 'cite', 'classid', 'codebase', 'data', 'formaction', 'href', 'imagesrcset', 'longdesc',
  'manifest', 'ping', 'poster', 'profile', 'rr_captured_href', 'rr_captured_src', 'rr_captured_srcset', 'rr_src', 'src',
  'srcset', 'xlink:href',
]); // prettier-ignore
const spoken = new Set(['abbr', 'alt', 'content', 'label', 'placeholder', 'summary', 'title']);
const typedInto = new Set(['checked', 'rr_value', 'selected', 'value']);
const scrolled = new Set(['rr_scrollleft', 'rr_scrolltop']);

/** Attributes that a reader or a screen reader is told. They fetch nothing, whatever they hold. */
export const isSpoken = (lowerName: string): boolean =>
  spoken.has(lowerName) || lowerName.startsWith('aria-') || lowerName.startsWith('data-');

/** rrweb's own: an input that was of passwords before the page showed what is in it. */
export const passwordMark = 'data-rr-is-password';

/** Field of an attribute's value. Style and everything that only shapes the page stays with the structure. */
export function attributeField(name: string, value: Json): FieldName | undefined {
  if (value === null) return undefined;
  const lower = name.toLowerCase();
  if (typeof value === 'object') return lower === 'style' && isStyle(value) ? undefined : 'other';
  if (typedInto.has(lower)) return 'typed';
  if (scrolled.has(lower)) return 'pointer';
  if (typeof value !== 'string') return undefined;
  // Programs and whole pages as a text: whatever they hold, nobody named it.
  if (lower === 'srcdoc' || /^on[a-z]/.test(lower)) return 'other';
  if (addresses.has(lower)) return addressField(value);
  if (name === passwordMark && value === 'true') return undefined;
  if (isSpoken(lower)) return 'screen.text';
  return wholeAddress.test(value) && !lower.startsWith('xmlns') ? 'url' : undefined;
}

const wholeAddress = /^(?:https?:)?\/\/\S+$/i;

/** Schemes that name a place. `url` is a milder class than text, so only what surely is a place may go there. */
const places = new Set(['about', 'blob', 'file', 'ftp', 'http', 'https', 'ws', 'wss']);

/** `data:` holds the picture itself and stays with the look; `mailto:`, `javascript:` and the rest are texts. */
export function addressField(value: string): FieldName | undefined {
  // Browsers skip blanks and control characters, so `java script:` is a scheme too.
  const compact = value.replace(/[^\x21-\uffff]+/g, '');
  if (/data:/i.test(compact)) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(compact)?.[1];
  return scheme === undefined || places.has(scheme.toLowerCase()) ? 'url' : 'screen.text';
}

export const isAddress = (value: Json): boolean => typeof value === 'string' && addressField(value) === 'url';

/** What a mutation tells of `style`: a value or a value with its priority for each property, false if removed. */
const isStyle = (value: Json): boolean =>
  isObject(value) &&
  Object.values(value).every(
    (one) =>
      one === null ||
      one === false ||
      typeof one === 'string' ||
      (Array.isArray(one) && one.every((part: Json) => typeof part === 'string')),
  );
