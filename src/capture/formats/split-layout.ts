import { fieldNames, type FieldName } from '../../log/fields.js';
import type { Json, JsonObject, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { chosenLayout, type Give, type Layout, type Plan, type Take } from './layout.js';
import { joinText, splitText } from './layout-text.js';

/** Takes a value apart: each field gets a list of its values, in the order of the plan. Total, and without loss. */
export function splitLayout(value: Json, layout: Layout): Parts {
  const lists = new Map<FieldName, Json[]>();
  const give = (field: FieldName, one: Json): string => {
    const list = lists.get(field);
    if (list === undefined) lists.set(field, [one]);
    else list.push(one);
    return field;
  };
  const kind = plan(value, layout, give) as Json;
  return {
    kind,
    ...Object.fromEntries(fieldNames.flatMap((field) => (lists.has(field) ? [[field, lists.get(field)]] : []))),
  };
}

function plan(value: Json, layout: Layout, give: Give): Plan {
  const chosen = chosenLayout(value, layout);
  if ('field' in chosen) return planWhole(value, chosen.shape(value) ? chosen.field : 'other', give);
  if ('keys' in chosen && isObject(value)) return planKeys(value, chosen.keys, give);
  if ('each' in chosen && Array.isArray(value)) return value.map((one: Json) => plan(one, chosen.each, give));
  if ('text' in chosen && typeof value === 'string') {
    const told = splitText(value, chosen.text, give);
    if (told !== undefined) return { '?text': told };
  }
  return give('other', value);
}

function planWhole(value: Json, field: FieldName, give: Give): Plan {
  if (field !== 'kind') return give(field, value);
  if (typeof value === 'string') return `=${value}`;
  if (typeof value === 'object' && value !== null) return give('other', value);
  return value;
}

function planKeys(value: JsonObject, keys: Readonly<Record<string, Layout>>, give: Give): Plan {
  const told: Record<string, Plan> = {};
  let unknown = 0;
  for (const key of Object.keys(value)) {
    const one = value[key] as Json;
    const layout = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (layout !== undefined) told[key] = plan(one, layout, give);
    else {
      give('other', [key, one]);
      told[`?${unknown}`] = null;
      unknown += 1;
    }
  }
  return told;
}

/** The exact inverse of `splitLayout`, given every part. @throws Error if one is missing: masking is `maskLayout`. */
export function joinLayout(parts: Parts): Json {
  const next = nextOf(parts);
  return build(parts.kind as Plan, '', (field) => {
    const value = next(field);
    if (value === undefined) throw new Error('a part of the record is missing');
    return value;
  }) as Json;
}

/** What stands in place of a value that was not granted, by the key that it stands under (`key[]` in a list of it). */
export type Placeholders = Readonly<Record<string, Json>>;

/**
 * The record as far as its parts were granted; undefined unless `kind` was. A value without a placeholder is left
 * out: of a list, or with its key.
 */
export function maskLayout(parts: Parts, placeholders: Placeholders): Json | undefined {
  if (parts.kind === undefined) return undefined;
  const next = nextOf(parts);
  return build(parts.kind as Plan, '', (field, key) =>
    parts[field] === undefined ? (Object.hasOwn(placeholders, key) ? placeholders[key] : undefined) : next(field),
  );
}

/** Gives the values of each part in turn. */
function nextOf(parts: Parts): (field: FieldName) => Json | undefined {
  const used = new Map<FieldName, number>();
  return (field) => {
    const index = used.get(field) ?? 0;
    used.set(field, index + 1);
    return (parts[field] as readonly Json[] | undefined)?.[index];
  };
}

function build(told: Plan, key: string, take: Take): Json | undefined {
  if (typeof told === 'string') return told.startsWith('=') ? told.slice(1) : take(told as FieldName, key);
  if (typeof told !== 'object' || told === null) return told;
  if (Array.isArray(told)) {
    return told.flatMap((one: Plan) => {
      const value = build(one, `${key}[]`, take);
      return value === undefined ? [] : [value];
    });
  }
  return buildObject(told as { readonly [key: string]: Plan }, take);
}

function buildObject(told: { readonly [key: string]: Plan }, take: Take): Json {
  const text = told['?text'];
  if (Array.isArray(text)) return joinText(text.map(String), take);
  const object: Record<string, Json> = {};
  for (const key of Object.keys(told)) {
    if (key.startsWith('?')) {
      const pair = take('other', '?');
      const [name, value] = Array.isArray(pair) ? (pair as [Json?, Json?]) : [];
      if (typeof name === 'string' && value !== undefined) setOwn(object, name, value);
    } else {
      const value = build(told[key] as Plan, key, take);
      if (value !== undefined) object[key] = value;
    }
  }
  return object;
}
