import { columnOf, columnsOf, usualOrder } from './csv-columns.js';
import { csvCutter } from './csv-cutter.js';
import { columnsIn, isHeader, isSheet, writeSheet, type Sheet } from './csv-lines.js';
import { cutAll } from './cutter.js';
import type { Format, Json, JsonObject, MaskedRecord, Parts } from './format.js';
import { isObject, setOwn } from './json-tree.js';
import { joinKeys, partOf, splitKeys } from './keyed-parts.js';
import { sameList } from './nested-parts.js';
import { readText } from './read-recording.js';

/**
 * Movements of a mouse as lines of a table (Balabit, SapiMouse and others). Every cell is kept as it was written, so
 * that the lines come back byte for byte; a CSV library would give what it says, and not how.
 */
export const mouseCsv: Format = {
  name: 'mouse-csv',

  recognise({ text, document }) {
    const found = typeof document === 'object' ? undefined : columnsIn(text.split('\n', 1)[0] ?? '');
    // Three numbers in a line may be anything.
    return found !== undefined && (found.header || found.columns.includes('state'));
  },

  cut: (file, startedAt) => cutAll(csvCutter(startedAt), readText(file)),
  cutter: csvCutter,

  decompose(data) {
    if (!isObject(data)) return { other: { whole: data } };
    if (isSheet(data)) return isKnown(data) ? { kind: { sheet: data } } : { other: { whole: data } };
    const names = Object.keys(data);
    const { parts, keys } = splitKeys(data, columnsOf(names));
    const usual = usualOrder(names);
    if (keys === undefined || (usual !== undefined && sameList(keys, usual)))
      return keys?.length === 0 ? { other: { whole: data } } : parts;
    return { ...parts, kind: { ...(parts['kind'] as JsonObject | undefined), keys } };
  },

  reassemble(parts) {
    const whole = partOf(parts.other, 'whole');
    if (whole !== undefined) return whole;
    const sheet = partOf(parts.kind, 'sheet');
    if (sheet !== undefined) return sheet;
    const keys = (partOf(parts.kind, 'keys') as readonly string[] | undefined) ?? usualOrder(namesIn(parts));
    return joinKeys(parts, columnsOf((partOf(parts.other, 'keys') as string[] | undefined) ?? keys ?? []), keys);
  },

  mask(records) {
    const told = records.map(({ parts }) => partOf(parts.kind, 'sheet')).find(isSheet);
    const columns = told?.columns ?? columnsTold(records);
    const sheet: Sheet = { columns, header: true, delimiter: told?.delimiter ?? ',', ended: true };
    const rows = records.filter(({ parts }) => partOf(parts.kind, 'sheet') === undefined);
    return [{ ...sheet }, ...rows.map((record) => maskedRow(record, sheet))];
  },

  assemble(records) {
    const [first, ...rest] = records;
    return isSheet(first) ? writeSheet(first, rest) : new Uint8Array();
  },
};

/** Every column has a name of ours, which is no content. */
const isKnown = (sheet: JsonObject & Sheet): boolean =>
  sheet.columns.every((column) => typeof column === 'string' && columnOf(column) !== undefined) &&
  [',', ';', '\t'].includes(sheet.delimiter) &&
  typeof sheet.header === 'boolean' &&
  typeof sheet.ended === 'boolean' &&
  Object.keys(sheet).join() === 'columns,header,delimiter,ended';

const namesIn = ({ other: _unnamed, ...parts }: Parts): string[] =>
  Object.values(parts).flatMap((part) =>
    isObject(part) ? Object.keys(part).filter((name) => columnOf(name) !== undefined) : [],
  );

const fewest = ['client timestamp', 'x', 'y'];

function columnsTold(records: readonly MaskedRecord[]): readonly string[] {
  const names = [...new Set(records.flatMap(({ parts }) => namesIn(parts)))];
  const columns = isHeader(names) ? names : [...fewest.filter((name) => !names.includes(name)), ...names];
  return usualOrder(columns) ?? columns;
}

/** A cell that was not granted is empty, as one is that was not recorded. */
function maskedRow({ parts: { other: _unnamed, ...parts } }: MaskedRecord, { columns, delimiter }: Sheet): Json {
  const row: Record<string, Json> = {};
  for (const column of columns) {
    const cells = Object.values(parts).map((part) => partOf(part, column));
    const cell = cells.find((one) => typeof one === 'string') ?? '';
    // Without the sheet nobody knows by what the cells were parted, and this one may have had the comma in it.
    setOwn(row, column, cell.includes(delimiter) && !cell.includes('"') ? `"${cell}"` : cell);
  }
  return row;
}
