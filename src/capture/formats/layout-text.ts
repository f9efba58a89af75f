import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { partOf } from './keyed-parts.js';
import { parsed } from './read-documents.js';
import { chosenLayout, type Give, type Layout, type Take } from './layout.js';
import { anything } from './shapes.js';
import { isStorable } from './storable.js';

/**
 * A text that holds JSON, in pieces: what begins with `=` is text of it that tells no content (brackets, known keys,
 * words of a closed list), a name is the field that has a value there. A value that JSON.stringify would write in
 * another way, as other languages do, is kept as `{ raw }` and marked `~`. `?` is a key that is not known, with its
 * value, in `other`.
 */
type Piece = string;

/** Undefined for a text that is no JSON, or holds more than a column could; then nothing was given. */
export function splitText(text: string, layout: Layout, give: Give): readonly Piece[] | undefined {
  const held = parsed(text);
  if (held === undefined || !isStorable(held)) return undefined;
  const pieces: Piece[] = [];
  let at = 0;

  const glueTo = (end: number) => {
    const glue = text.slice(at, end);
    const last = pieces.at(-1);
    if (last?.startsWith('=') === true) pieces[pieces.length - 1] = last + glue;
    else if (glue !== '') pieces.push(`=${glue}`);
    at = end;
  };
  const takenTo = (end: number, { field: named, shape }: Leaf) => {
    const raw = text.slice(at, end);
    const value = JSON.parse(raw) as Json;
    const isPlain = JSON.stringify(value) === raw;
    const field = shape(value) ? named : 'other';
    if (field === 'kind' && isPlain && (typeof value !== 'object' || value === null)) return glueTo(end);
    const to = field === 'kind' ? 'other' : field;
    pieces.push(isPlain ? give(to, value) : `~${give(to, { raw })}`);
    at = end;
  };
  // Where a key stands twice, `value` is the last one's: a layout may be chosen by it, and nothing is taken from it.
  const walk = (value: Json, within: Layout) => {
    const chosen = chosenLayout(value, within);
    if ('keys' in chosen && text[at] === '{') walkMembers(value, chosen.keys);
    else if ('each' in chosen && text[at] === '[') walkItems(value, chosen.each);
    else takenTo(endOfValue(text, at), 'field' in chosen ? chosen : unknown);
  };
  const walkItems = (list: Json, each: Layout) => {
    let index = 0;
    for (glueTo(nextToken(text, at + 1)); text[at] !== ']'; glueTo(afterComma(text, at))) {
      walk(Array.isArray(list) ? ((list[index] ?? null) as Json) : null, each);
      index += 1;
    }
    glueTo(at + 1);
  };
  const walkMembers = (object: Json, keys: Readonly<Record<string, Layout>>) => {
    for (glueTo(nextToken(text, at + 1)); text[at] !== '}'; glueTo(afterComma(text, at))) {
      const raw = text.slice(at, endOfString(text, at));
      const key = JSON.parse(raw) as string;
      const colon = nextToken(text, at + raw.length);
      const start = nextToken(text, colon + 1);
      const within = Object.hasOwn(keys, key) && JSON.stringify(key) === raw ? keys[key] : undefined;
      if (within !== undefined) {
        glueTo(start);
        walk(partOf(object, key) ?? null, within);
        continue;
      }
      const end = endOfValue(text, start);
      give('other', { raw: text.slice(at, end) });
      pieces.push('?');
      at = end;
    }
    glueTo(at + 1);
  };

  glueTo(nextToken(text, 0));
  walk(held, layout);
  glueTo(text.length);
  return pieces;
}

/** The text again. What `take` does not give is hidden, and the text is JSON all the same. */
export function joinText(pieces: readonly Piece[], take: Take): string {
  return pieces
    .map((piece) => {
      if (piece.startsWith('=')) return piece.slice(1);
      if (piece === '?') return rawOf(take('other', '?')) ?? `"${hidden}":null`;
      // Null is a value like any other.
      if (!piece.startsWith('~')) return JSON.stringify(orHidden(take(piece as FieldName, '')));
      return rawOf(take(piece.slice(1) as FieldName, '')) ?? `"${hidden}"`;
    })
    .join('');
}

type Leaf = Extract<Layout, { field: FieldName }>;
const unknown: Leaf = { field: 'other', shape: anything };

const hidden = '[masked]';
const orHidden = (value: Json | undefined): Json => (value === undefined ? hidden : value);
const rawOf = (value: Json | undefined) => (value as { readonly raw: string } | undefined)?.raw;

/** The functions below are for text that is known to be JSON. */
function nextToken(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\n\r'.includes(text[at] as string)) at += 1;
  return at;
}

/** From the end of an item to the next one, or to the bracket that closes the list. */
function afterComma(text: string, from: number): number {
  const at = nextToken(text, from);
  return text[at] === ',' ? nextToken(text, at + 1) : at;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  if (text[from] !== '{' && text[from] !== '[') {
    let at = from;
    while (at < text.length && !',]} \t\n\r'.includes(text[at] as string)) at += 1;
    return at;
  }
  let depth = 0;
  let at = from;
  do {
    const character = text[at] as string;
    if (character === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    at += 1;
  } while (depth > 0);
  return at;
}
