import type { Json } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import type { Schema } from './nested-parts.js';
import { isAddress } from './rrweb-attributes.js';
import {
  anything,
  finite,
  flag,
  listOf,
  nothing,
  numbersOf,
  oneOf,
  text,
  type KnownKeys,
  type Shape,
} from './shapes.js';

const pointing = ['move', 'click', 'scroll', 'drag'];
const typing = ['press', 'release', 'type', 'hotkey'];
const isAction = oneOf(...pointing, ...typing, 'pause', 'resume');
/** Names of pynput, which AgentNet records with. */
const isButton = oneOf('left', 'right', 'middle', 'x1', 'x2', 'button8', 'button9', 'unknown');
const isTrace: Shape = (value) => listOf(listOf(finite))(value) || listOf(numbersOf('x', 'y', 'dx', 'dy'))(value);
const isWord: Shape = (value) => flag(value) || finite(value) || isAction(value) || isButton(value);
const wordsOrListOf =
  (shape: Shape): Shape =>
  (value) =>
    isWord(value) || listOf(shape)(value);
/** `[["click", "left"], true]`, `[["scroll", [0, -1]]]`: what was done, in words of the recorder and numbers. */
const isDone = wordsOrListOf(wordsOrListOf(wordsOrListOf(isWord)));
const isDate: Shape = (value) =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?$/.test(value);

/** In the order in which AgentNet writes them. `key` says again what was done: which key, where it was one. */
const inputKeys = (key: KnownKeys[string]): KnownKeys => ({
  time_stamp: ['time', finite],
  action: ['kind', isAction],
  x: ['pointer', finite],
  y: ['pointer', finite],
  button: ['pointer', isButton],
  pressed: ['pointer', flag],
  dx: ['pointer', finite],
  dy: ['pointer', finite],
  name: ['typed', text],
  pynput_key: ['typed', text],
  key_names: ['typed', listOf(text)],
  event_idx: ['kind', finite],
  start_time: ['time', finite],
  end_time: ['time', finite],
  key,
  complete: ['kind', flag],
  pre_move: ['kind', nothing],
  trace: ['pointer', isTrace],
  time_trace: ['time', listOf(finite)],
  matched: ['kind', finite],
  end_idx: ['kind', finite],
});
const pointed: KnownKeys = inputKeys(['pointer', isDone]);
const nested = { pre_move: { keys: pointed } };

export const agentnetSchemas = {
  input: { keys: pointed, nested },
  typedInput: { keys: inputKeys(['typed', anything]), nested },
  window: {
    keys: { time_stamp: ['time', finite], top_window_name: ['window', text], url: ['url', isAddress] },
  },
  metadata: {
    keys: {
      screen_width: ['window', finite],
      screen_height: ['window', finite],
      start_time: ['time', isDate],
      video_start_timestamp: ['time', finite],
      stop_time: ['time', isDate],
    },
  },
} as const satisfies Record<string, Schema>;

export const schemaOf = (line: keyof typeof agentnetSchemas, action: Json | undefined): Schema =>
  line === 'input' && typing.includes(action as string) ? agentnetSchemas.typedInput : agentnetSchemas[line];

/** What a line tells of, by what only such lines have. Undefined: it is none of AgentNet's. */
export function whatLine(line: Json | undefined): 'input' | 'window' | 'metadata' | undefined {
  if (!isObject(line)) return undefined;
  if (finite(partOf(line, 'video_start_timestamp') ?? null)) return 'metadata';
  if (!finite(partOf(line, 'time_stamp') ?? null)) return undefined;
  // Null in a masked recording.
  const [action, name] = [partOf(line, 'action'), partOf(line, 'top_window_name')];
  if (action === null || (action !== undefined && isAction(action))) return 'input';
  return name === null || (name !== undefined && text(name)) ? 'window' : undefined;
}

/** Seconds since the machine started. */
export function uptimeOf(line: Json): number | undefined {
  const told = partOf(line, 'time_stamp') ?? partOf(line, 'video_start_timestamp');
  return typeof told === 'number' && Number.isFinite(told) ? told : undefined;
}
