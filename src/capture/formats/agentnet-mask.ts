import { agentnetSchemas } from './agentnet-lines.js';
import type { Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { partsUnder } from './nested-parts.js';

/** What a line of an action has, null where it was not granted: zero could be taken for a position. */
const keysOf: Readonly<Record<string, readonly string[]>> = {
  move: ['x', 'y'],
  click: ['x', 'y', 'button', 'pressed'],
  drag: ['x', 'y', 'button'],
  scroll: ['x', 'y', 'dx', 'dy'],
  press: ['name', 'pynput_key'],
  release: ['name', 'pynput_key'],
  type: ['key_names'],
  hotkey: ['key_names'],
};

/** Every record keeps its line. `first` is the time of the first, from which made-up seconds count. */
export function maskedLine({ parts, time }: MaskedRecord, first: number): Json {
  const seconds = partOf(parts.time, 'time_stamp') ?? (time - first) / 1000;
  const line = partOf(parts.kind, 'line');
  if (line === 'metadata' || partOf(parts.window, 'screen_width') !== undefined) {
    return { video_start_timestamp: seconds, ...told(parts, Object.keys(agentnetSchemas.metadata.keys)) };
  }
  if (line === 'window' || partOf(parts.window, 'top_window_name') !== undefined) {
    const { top_window_name: name = null, ...rest } = told(parts, ['top_window_name', 'url']);
    return { time_stamp: seconds, top_window_name: name, ...rest };
  }
  return { time_stamp: seconds, action: null, ...inputTold(parts) };
}

/** Where it started, as the same parts one level down. */
function inputTold(parts: Parts): JsonObject {
  const blank = (keysOf[partOf(parts.kind, 'action') as string] ?? []).map((key) => [key, null] as const);
  const { time_stamp: _seconds, ...named } = told(parts, Object.keys(agentnetSchemas.typedInput.keys));
  const before = partsUnder(parts, 'pre_move');
  const hasMoved = Object.values(before).some(isObject);
  return { ...Object.fromEntries(blank), ...named, ...(hasMoved ? { pre_move: inputTold(before) } : {}) };
}

/** What the granted parts tell under these keys; nothing of `other`, which no key names. */
function told({ other: _unnamed, ...parts }: Parts, keys: readonly string[]): JsonObject {
  const found: Record<string, Json> = {};
  for (const key of keys) {
    const value = Object.values(parts)
      .map((part) => partOf(part, key))
      .find((one) => one !== undefined);
    if (value !== undefined && key !== 'pre_move') setOwn(found, key, value);
  }
  return found;
}
