import type { Json, JsonObject } from './format.js';
import { isObject, setOwn } from './json-tree.js';

export type Path = readonly (string | number)[];

/**
 * A record that says where the records after it stand: in the list at this path of a document, or each for itself
 * where it is null. `of`, where it is, begins a document: the file's own, its lists of records empty.
 */
export type Frame = { readonly frame: Path | null; readonly of?: Json };

export function isFrame(record: Json | undefined): record is Frame {
  if (!isObject(record) || !Object.hasOwn(record, 'frame')) return false;
  const isPath = record['frame'] === null || Array.isArray(record['frame']);
  return isPath && Object.keys(record).every((key) => key === 'frame' || key === 'of');
}

/** What stands at a path. */
export function valueAt(document: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as { readonly [key: string]: Json })[step]
        : undefined,
    document,
  );
}

/** The lists at these paths, each after a frame that says where it stood. An item may be `cut` into more than one. */
export function cutLists(
  document: Json,
  paths: readonly Path[],
  cut: (item: Json) => readonly Json[] = (item) => [item],
): Json[] {
  const lists = new Set(paths.map((path) => valueAt(document, path)));
  const of = emptied(
    document,
    lists,
    paths.reduce((most, { length }) => Math.max(most, length), 0),
  );
  return paths.flatMap((frame, index) => [
    index === 0 ? { frame, of } : { frame },
    ...(valueAt(document, frame) as readonly Json[]).flatMap(cut),
  ]);
}

/** A copy in which these lists, none of them deeper than that, are empty: once through it, however many they are. */
function emptied(value: Json, lists: ReadonlySet<Json | undefined>, levels: number): Json {
  if (lists.has(value)) return [];
  if (levels === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one: Json) => emptied(one, lists, levels - 1));
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(value))
    setOwn(copy, key, emptied((value as JsonObject)[key] as Json, lists, levels - 1));
  return copy;
}

/**
 * The documents again. `loose` are the records before any frame. Records of a masked recording may lack frames, and
 * frames may name lists that are not there: those are made.
 */
export function joinLists(records: readonly Json[]): { readonly documents: Json[]; readonly loose: Json[] } {
  const documents: Json[] = [];
  const loose: Json[] = [];
  let into: Json[] = loose;
  for (const record of records) {
    if (!isFrame(record)) {
      into.push(record);
      continue;
    }
    // Parsed again, since what is written into must be ours.
    if (record.of !== undefined) documents.push(JSON.parse(JSON.stringify(record.of)) as Json);
    into = record.frame === null ? documents : listAt(documents, record.frame);
  }
  return { documents, loose };
}

function listAt(documents: Json[], path: Path): Json[] {
  if (documents.length === 0) documents.push(typeof path[0] === 'string' ? {} : []);
  let here = documents.at(-1) as Json;
  path.forEach((step, index) => {
    const empty = typeof path[index + 1] === 'string' ? {} : [];
    const found = valueAt(here, [step]);
    if (typeof found === 'object' && found !== null) here = found;
    else {
      if (Array.isArray(here)) here.push(empty);
      else setOwn(here as Record<string, Json>, String(step), empty);
      here = empty;
    }
  });
  return Array.isArray(here) ? (here as Json[]) : [];
}
