import type { Json, JsonObject } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { columnOf, columnsOf, saidIn } from './csv-columns.js';
import { finite, type KnownKeys } from './shapes.js';

/**
 * How a file of lines is written. Where lines end in CR LF, each last cell has the CR. The first record: the ones after it have a cell for each column, as it was
 * written, quotes and all, or are the whole `line` where it has other cells than that.
 */
export interface Sheet {
  readonly columns: readonly string[];
  /** Whether the columns are named in the first line; otherwise the names are ours. */
  readonly header: boolean;
  readonly delimiter: string;
  /** Whether the last line has an end. */
  readonly ended: boolean;
}

const delimiters = [',', ';', '\t'];
/** Columns of well-known files without names: Balabit, SapiMouse, and the ones that people write by themselves. */
const unnamed: readonly (readonly string[])[] = [
  ['record timestamp', 'client timestamp', 'button', 'state', 'x', 'y'],
  ['client timestamp', 'button', 'state', 'x', 'y'],
  ['timestamp', 'x', 'y', 'button', 'state'],
  ['timestamp', 'x', 'y', 'state'],
  ['timestamp', 'x', 'y'],
];

/** Columns that the first line names, or fits; undefined if it does neither. */
export function columnsIn(line: string): Pick<Sheet, 'columns' | 'header' | 'delimiter'> | undefined {
  for (const delimiter of delimiters) {
    const cells = cellsOf(line, delimiter);
    if (cells === undefined || cells.length < 2) continue;
    if (isHeader(cells)) return { columns: cells, header: true, delimiter };
    const columns = unnamed.find((names) => fits(cells, names));
    if (columns !== undefined) return { columns, header: false, delimiter };
  }
  return undefined;
}

/** A pointer has two coordinates, and a recording says when it was there. */
export function isHeader(cells: readonly string[]): boolean {
  const fields = cells.map((cell) => columnOf(cell)?.[0]);
  return fields.includes('time') && fields.filter((field) => field === 'pointer').length >= 2;
}

function fits(cells: readonly string[], names: readonly string[]): boolean {
  const known: KnownKeys = columnsOf(names);
  return (
    cells.length === names.length &&
    names.every(
      (name, index) => saidIn(cells[index] as string) !== '' && known[name]?.[1](cells[index] as string) === true,
    )
  );
}

/** Cells as they are written. Undefined where a quote is not closed: the row goes on in the next line. */
function cellsOf(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter);
  const cells: string[] = [];
  let start = 0;
  let inQuotes = false;
  for (let at = 0; at <= line.length; at += 1) {
    if (line[at] === '"') inQuotes = !inQuotes;
    else if (at === line.length || (line[at] === delimiter && !inQuotes)) {
      cells.push(line.slice(start, at));
      start = at + 1;
    }
  }
  return inQuotes ? undefined : cells;
}

export function rowOf(line: string, { columns, delimiter }: Pick<Sheet, 'columns' | 'delimiter'>): Json {
  const cells = cellsOf(line, delimiter);
  if (cells?.length !== columns.length || !areNames(columns)) return { line };
  const row: Record<string, Json> = {};
  columns.forEach((column, index) => setOwn(row, column, cells[index] as string));
  return row;
}

/** Names that an object keeps, in their order: each once, and none that is a number. */
const areNames = (columns: readonly string[]): boolean =>
  new Set(columns).size === columns.length && columns.every((column) => !/^\d+$/.test(column));

export const isSheet = (record: Json | undefined): record is JsonObject & Sheet =>
  isObject(record) && Array.isArray(record['columns']) && typeof record['ended'] === 'boolean';

export function writeSheet({ columns, header, delimiter, ended }: Sheet, rows: readonly Json[]): Uint8Array {
  const lines = rows.map((row) => {
    const line = isObject(row) ? row['line'] : undefined;
    return typeof line === 'string' && Object.keys(row as JsonObject).length === 1
      ? line
      : Object.values(row as JsonObject).join(delimiter);
  });
  const text = (header ? [columns.join(delimiter), ...lines] : lines).join('\n');
  return Buffer.from(ended ? `${text}\n` : text);
}

/** Epoch milliseconds, or milliseconds since some start where the number is too small to be a date. */
export function timeIn(row: Json, inSeconds: boolean): { readonly ms: number; readonly isDate: boolean } | undefined {
  const told = isObject(row) ? timeCell(row) : undefined;
  if (told === undefined || told === '') return undefined;
  const value = /^[+-]?[\d.]+(?:e[+-]?\d+)?$/i.test(told) ? Number(told) : undefined;
  if (value === undefined) {
    const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(told) ? told : `${told.replace(' ', 'T')}Z`);
    return Number.isNaN(ms) ? undefined : { ms, isDate: true };
  }
  if (!finite(value)) return undefined;
  // Microseconds, milliseconds and seconds since 1970: each is out of the range of the next for thousands of years.
  for (const [least, factor] of [
    [1e14, 1e-3],
    [1e11, 1],
    [1e8, 1e3],
  ] as const)
    if (value >= least) return { ms: value * factor, isDate: true };
  return { ms: inSeconds ? value * 1000 : value, isDate: false };
}

/** The source's own clock rather than the recorder's. */
export function timeCell(row: JsonObject): string | undefined {
  const names = Object.keys(row).filter((name) => columnOf(name)?.[0] === 'time');
  const name = names.find((one) => /client/i.test(one)) ?? names[0];
  const cell = name === undefined ? undefined : row[name];
  return typeof cell === 'string' ? saidIn(cell) : undefined;
}
