import type { Json, JsonObject } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { addresses, isSpoken } from './rrweb-attributes.js';

/** A masked page is played in the browser of whoever reads it. What it fetched would tell others who reads what. */
export const blankAddress = 'about:blank';

/** Pictures that are their own bytes. Not SVG: it may name other resources. */
const picture = /^\s*data:image\/(?:png|jpe?g|gif|webp|avif|bmp)[;,]/i;

/** Elements that fetch, run or change an address by themselves become one that does not. */
const inertTags: Readonly<Record<string, string>> = {
  script: 'noscript',
  base: 'div',
  object: 'div',
  embed: 'div',
  applet: 'div',
  portal: 'div',
  fencedframe: 'div',
  set: 'g',
  animate: 'g',
  animatemotion: 'g',
  animatetransform: 'g',
};

export function inertTag(tagName: string): string {
  const lower = tagName.toLowerCase();
  if (Object.hasOwn(inertTags, lower)) return inertTags[lower] as string;
  // What is no name makes createElement throw, and ends the playing.
  return /^[a-z][\w:.-]*$/i.test(tagName) ? tagName : 'div';
}

export function inertAttributes(attributes: JsonObject): JsonObject {
  const copy: Record<string, Json> = {};
  for (const name of Object.keys(attributes)) {
    const value = inertAttribute(name.toLowerCase(), attributes[name] as Json);
    if (value !== undefined) setOwn(copy, name, value);
  }
  return copy;
}

/** The value, made harmless; undefined leaves the attribute out. */
function inertAttribute(name: string, value: Json): Json | undefined {
  // `http-equiv` refreshes to an address, `is` makes a custom element.
  if (name === 'http-equiv' || name === 'is' || name === 'srcdoc' || /^on[a-z]/.test(name)) return undefined;
  if (isObject(value)) return name === 'style' ? inertStyles(value) : undefined;
  if (typeof value !== 'string') return Array.isArray(value) ? undefined : value;
  if (addresses.has(name)) return picture.test(value) ? value : blankAddress;
  if (name === 'rr_dataurl') return picture.test(value) ? value : undefined;
  if (name.startsWith('rr_')) return /^[\w.%-]{0,24}$/.test(value) ? value : undefined;
  if (name === 'style' || name === '_csstext') return inertCss(value);
  if (name.startsWith('xmlns')) return value.startsWith('http://www.w3.org/') ? value : undefined;
  if (isSpoken(name) || name === 'value') return value;
  return value.includes('//') ? undefined : inertCss(value);
}

/** Every text in it as CSS: style sheets and declarations come as lists and objects of texts. */
export function inertStyles(value: Json): Json {
  if (typeof value === 'string') return inertCss(value);
  if (Array.isArray(value)) return value.map((one: Json) => inertStyles(one));
  if (!isObject(value)) return value;
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value)) setOwn(copy, key, inertStyles(value[key] as Json));
  return copy;
}

/** `\75 rl(` is `url(` (CSS Syntax 3 §4.3.7). An escaped backslash is passed over, lest it begins an escape. */
const escapes = /\\(?:\\|0{0,4}([4-7][0-9a-f])(?![0-9a-f])\s?|([g-z]))/gi;
/** Functions that name a resource, but for `url()` of a fragment or of a picture that is its own bytes. */
const fetching =
  /(?<![\w-])(?:url\((?!\s*["']?(?:#|data:image\/(?:png|jpe?g|gif|webp|avif|bmp)[;,]))|(?:src|image|(?:-webkit-)?(?:image-set|cross-fade))\()/gi;

/** CSS that fetches nothing: `url()` and its like become functions that there are not, `@import` a rule likewise. */
export function inertCss(css: string): string {
  if (!/[(@\\]/.test(css)) return css;
  return css
    .replace(escapes, (whole, hex: string | undefined, letter: string | undefined) => {
      const plain = hex === undefined ? letter : String.fromCharCode(Number.parseInt(hex, 16));
      return plain !== undefined && /[a-z]/i.test(plain) ? plain : whole;
    })
    .replace(fetching, 'none(')
    .replace(/@import/gi, '@none');
}
