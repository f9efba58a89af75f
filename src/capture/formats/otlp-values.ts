import type { Json } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { chosenLayout, whole, word, type Layout } from './layout.js';
import { anything } from './shapes.js';

/** Deeper than anything that a layout asks for. */
const mostLevels = 12;

/**
 * The layout of some JSON, for the same in OTLP's own form (opentelemetry.proto.common.v1.AnyValue):
 * `{"role": "user"}` is `{"kvlistValue": {"values": [{"key": "role", "value": {"stringValue": "user"}}]}}`.
 */
export const inAnyValue = (layout: Layout): Layout => ({
  choose: (any) => {
    const plain = plainOf(any);
    const chosen = chosenLayout(plain, layout);
    if ('keys' in chosen) return { keys: { kvlistValue: { keys: { values: { each: memberOf(chosen.keys) } } } } };
    if ('each' in chosen) {
      return { keys: { arrayValue: { keys: { values: { each: inAnyValue(chosen.each) } } } } };
    }
    if ('text' in chosen) return { keys: { stringValue: chosen } };
    if (chosen.field === 'kind') return { keys: { stringValue: chosen, boolValue: chosen, intValue: chosen } };
    return whole(chosen.shape(plain) ? chosen.field : 'other', anything);
  },
});

const memberOf = (keys: Readonly<Record<string, Layout>>): Layout => ({
  choose: (member) => {
    const key = partOf(member, 'key');
    return typeof key === 'string' && Object.hasOwn(keys, key)
      ? { keys: { key: word(key), value: inAnyValue(keys[key] as Layout) } }
      : whole('other', anything);
  },
});

/** What a value means as JSON, as far down as layouts look; null for what is none. */
export function plainOf(any: Json | undefined, levels = mostLevels): Json {
  if (!isObject(any) || levels === 0) return null;
  for (const form of ['stringValue', 'boolValue', 'intValue', 'doubleValue'] as const) {
    const value = partOf(any, form);
    if (value !== undefined) return value;
  }
  const items = partOf(partOf(any, 'arrayValue'), 'values');
  if (Array.isArray(items)) return items.map((item: Json) => plainOf(item, levels - 1));
  const members = partOf(partOf(any, 'kvlistValue'), 'values');
  if (!Array.isArray(members)) return null;
  return Object.fromEntries(
    members.flatMap((member: Json) => {
      const key = partOf(member, 'key');
      return typeof key === 'string' ? [[key, plainOf(partOf(member, 'value'), levels - 1)]] : [];
    }),
  );
}
