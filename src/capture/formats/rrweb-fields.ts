import type { FieldName } from '../../log/fields.js';
import type { Json } from './format.js';
import { isAddress } from './rrweb-attributes.js';
import { anything, finite, finiteOrNull, flag, listOf, numbersOf, scalar, text } from './shapes.js';
import type { KnownKeys, Shape } from './shapes.js';

/** Numbers of rrweb's event types (rrweb packages/types, EventType). */
export const eventType = { fullSnapshot: 2, incremental: 3, meta: 4, custom: 5, plugin: 6 } as const;
const lastEventType = 7;

export const isEventType = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && !Object.is(value, -0) && value >= 0 && value <= lastEventType;

export const eventKeys: KnownKeys = { type: ['kind', finite], timestamp: ['time', finite] };

export const metaKeys: KnownKeys = { href: ['url', isAddress], width: ['window', finite], height: ['window', finite] };

/** Numbers of the sources of incremental events (IncrementalSource), as far as something here depends on one. */
export const source = {
  mutation: 0,
  mouseMove: 1,
  mouseInteraction: 2,
  scroll: 3,
  resize: 4,
  input: 5,
  touchMove: 6,
  styleSheetRule: 8,
  drag: 12,
  styleDeclaration: 13,
  selection: 14,
  adoptedStyleSheet: 15,
} as const;

/** All of one source's data is one field, so the part tells the order of its keys. Other keys are `other`. */
const oneField = (field: FieldName, keys: Readonly<Record<string, Shape>>) => ({
  field,
  keys: Object.fromEntries(
    Object.entries({ source: finite, ...keys }).map(([key, shape]) => [key, [field, shape]]),
  ) as KnownKeys,
});
const positions = oneField('pointer', { positions: listOf(numbersOf('x', 'y', 'id', 'timeOffset')) });

/** Sources of incremental events but for mutations, by their number. One that is not here is `other`, whole. */
export const sources: Readonly<Record<number, { readonly field: FieldName; readonly keys: KnownKeys }>> = {
  [source.mouseMove]: positions,
  [source.mouseInteraction]: oneField('pointer', {
    type: finite,
    id: finite,
    x: finiteOrNull,
    y: finiteOrNull,
    pointerType: finiteOrNull,
  }),
  [source.scroll]: oneField('pointer', { id: finite, x: finite, y: finite }),
  [source.resize]: oneField('window', { width: finite, height: finite }),
  [source.input]: oneField('typed', { id: finite, text, isChecked: flag, userTriggered: flag }),
  [source.touchMove]: positions,
  7: oneField('screen', {
    type: finite,
    id: finite,
    currentTime: scalar,
    volume: scalar,
    muted: scalar,
    loop: scalar,
    playbackRate: scalar,
  }), // media
  [source.styleSheetRule]: oneField('screen', {
    id: finite,
    styleId: finite,
    removes: anything,
    adds: anything,
    replace: anything,
    replaceSync: anything,
  }),
  9: oneField('screen', {
    id: finite,
    type: finite,
    commands: anything,
    property: anything,
    args: anything,
    setter: anything,
  }), // canvas
  10: oneField('screen', { family: anything, fontSource: anything, buffer: anything, descriptors: anything }), // font
  [source.drag]: positions,
  [source.styleDeclaration]: oneField('screen', {
    id: finite,
    styleId: finite,
    index: anything,
    set: anything,
    remove: anything,
  }),
  [source.selection]: oneField('typed', {
    ranges: listOf(numbersOf('start', 'startOffset', 'end', 'endOffset')),
  }),
  [source.adoptedStyleSheet]: oneField('screen', { id: finite, styles: anything, styleIds: anything }),
  16: oneField('screen', { define: anything }), // custom element
};
