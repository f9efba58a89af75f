import type { FieldName } from '../../log/fields.js';
import type { KnownKeys, Shape } from './shapes.js';
import { addressField } from './rrweb-attributes.js';

/** What a cell says, without the quotes and blanks around it. The cell itself is kept as it was written. */
export const saidIn = (cell: string): string =>
  (/^\s*"((?:[^"]|"")*)"\s*$/.exec(cell)?.[1]?.replaceAll('""', '"') ?? cell).trim();

const said =
  (shape: (text: string) => boolean): Shape =>
  (cell) =>
    typeof cell === 'string' && cell.length <= mostCellCharacters && shape(saidIn(cell));
/** A number, a date and a word of ours are shorter. */
const mostCellCharacters = 64;
const number = said((text) => /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)?$/i.test(text));
const moment = said((text) =>
  /^(?:[+-]?\d+(?:\.\d*)?(?:e[+-]?\d{1,3})?|\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?$/i.test(
    text,
  ),
);
const words = (...known: readonly string[]): Shape =>
  said((text) => /^\d?$/.test(text) || known.includes(text.toLowerCase()));

const anyCell: Shape = (cell) => typeof cell === 'string';
const addressCell: Shape = (cell) => typeof cell === 'string' && addressField(saidIn(cell)) === 'url';
const button = words(
  'nobutton', 'none', 'left', 'right', 'middle', 'scroll', 'wheel', 'back', 'forward', 'x1', 'x2', 'xbutton1', 'xbutton2',
  'button.left', 'button.right', 'button.middle', 'button.x1', 'button.x2', 'button.unknown',
); // prettier-ignore
const state = words(
  'move', 'drag', 'pressed', 'released', 'press', 'release', 'down', 'up', 'click', 'scroll', 'wheel', 'true', 'false',
  'moved', 'clicked', 'scrolled', 'dragged', 'double click', 'doubleclick', 'dblclick', 'right click', 'left click',
  'mousemove', 'mousedown', 'mouseup', 'mousewheel', 'contextmenu', 'mouseover', 'mouseout', 'mouseenter', 'mouseleave',
  'pointermove', 'pointerdown', 'pointerup',
); // prettier-ignore

const namesOf = (field: FieldName, shape: Shape, ...names: readonly string[]) =>
  names.map((name) => [name, [field, shape]] as const);

/** Columns by their names in lower case with single blanks, in the order of the Balabit data set. */
const columns: ReadonlyMap<string, KnownKeys[string]> = new Map([
  ...namesOf('time', moment, 'record timestamp', 'client timestamp', 'timestamp', 'time', 't', 'ts', 'time stamp'),
  ...namesOf('time', moment, 'time ms', 'timestamp ms', 'elapsed', 'elapsed ms', 'datetime', 'date', 'event time'),
  ...namesOf('pointer', button, 'button', 'mouse button'),
  ...namesOf('kind', state, 'state', 'event', 'event type', 'action', 'type', 'pressed'),
  ...['', 'mouse ', 'cursor ', 'screen ', 'client ', 'page ', 'pos ', 'position '].flatMap((before) =>
    namesOf('pointer', number, `${before}x`, `${before}y`),
  ),
  ...namesOf('pointer', number, 'x pos', 'y pos', 'x position', 'y position', 'dx', 'dy', 'delta x', 'delta y'),
  ...namesOf('pointer', number, 'scroll', 'scroll x', 'scroll y', 'wheel', 'wheel delta'),
  ...namesOf('window', number, 'screen width', 'screen height'),
  ...namesOf(
    'window',
    anyCell,
    'window',
    'window title',
    'window name',
    'active window',
    'app',
    'app name',
    'application',
  ),
  ...namesOf('url', addressCell, 'url'),
  ...namesOf('typed', anyCell, 'key', 'key name', 'text'),
]);
const rank = new Map([...columns.keys()].map((name, index) => [name, index]));

/** `client_Timestamp`, `"Client Timestamp"` and `clientTimestamp` are one name. */
const nameOf = (column: string): string =>
  saidIn(column)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ');

export const columnOf = (column: string): KnownKeys[string] | undefined =>
  column.length <= mostCellCharacters ? columns.get(nameOf(column)) : undefined;

export const columnsOf = (names: readonly string[]): KnownKeys =>
  Object.fromEntries(
    names.flatMap((name) => (columnOf(name) === undefined ? [] : [[name, columnOf(name)]])),
  ) as KnownKeys;

/** Undefined where two columns have one name, written differently: their order is not told by their names. */
export function usualOrder(names: readonly string[]): string[] | undefined {
  const ranks = names.map((name) => rank.get(nameOf(name)) ?? -1);
  if (new Set(ranks).size < ranks.length) return undefined;
  return [...names].sort((a, b) => (rank.get(nameOf(a)) ?? -1) - (rank.get(nameOf(b)) ?? -1));
}
