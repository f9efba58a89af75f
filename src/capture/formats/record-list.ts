import { Problem } from '../../problem.js';
import type { CutRecord, Json, JsonObject } from './format.js';
import { cutLists, isFrame, joinLists } from './frames.js';
import { isObject } from './json-tree.js';
import { parseDocument, parseLines } from './read-recording.js';
import { isJson } from './read-documents.js';

/** Deeper wrappers are of nobody whom we know, and a search of the whole document would find lists in records. */
export const mostDepthOfWrapper = 3;

/** How a format writes its records, unless somebody wrapped them: as a JSON array, or as lines. */
export type Usual = 'array' | 'lines';

type IsRecord = (record: Json) => boolean;

/** Which lists are records: one of them at least `isKnown`, in a list the first, and every one `isRecord`. */
export interface ListOf {
  readonly usual: Usual;
  readonly isKnown: IsRecord;
  readonly isRecord?: IsRecord;
}

/**
 * The records of a JSON array, bare or in a wrapper such as `{ "result": [...] }`, or of lines of JSON. Not written as
 * usual, they come after a frame. @throws Problem recording_malformed, recording_truncated, recording_empty
 */
export function readList(text: string, { usual, isKnown, isRecord = isKnown }: ListOf): readonly Json[] {
  if (isLines(text)) {
    const records = checked(
      parseLines(text, (line) => JSON.parse(line) as Json),
      isKnown,
      isRecord,
    );
    return usual === 'lines' ? records : [{ frame: null }, ...records];
  }
  const document = parseDocument(text);
  const path = pathTo(([first]) => first !== undefined && isKnown(first), document) ?? pathTo(isEmpty, document);
  if (path === undefined) {
    if (!isKnown(document)) throw new Problem('recording_malformed');
    return usual === 'lines' ? [document] : [{ frame: null }, document];
  }
  const records = checked(
    path.reduce<Json>((node, key) => (node as JsonObject)[key] as Json, document),
    isKnown,
    isRecord,
  );
  return usual === 'array' && path.length === 0 ? records : cutLists(document, [path]);
}

/** Records with their times; a frame has that of the record after it. */
export function timed(records: readonly Json[], clock: (record: Json) => number): CutRecord[] {
  const [first, ...rest] = records;
  if (!isFrame(first)) return records.map((data) => ({ time: clock(data), data }));
  const after = rest.map((data) => ({ time: clock(data), data }));
  return [{ time: after[0]?.time ?? 0, data: first as unknown as Json }, ...after];
}

/** The file again, from what `readList` gave. */
export function writeList(records: readonly Json[], usual: Usual): Uint8Array {
  const { documents, loose } = joinLists(records);
  if (documents.length === 0 && usual === 'array') return Buffer.from(JSON.stringify(loose));
  const written = documents.length === 0 ? loose : documents;
  return Buffer.from(written.map((document) => `${JSON.stringify(document)}\n`).join(''));
}

/** More lines than one, of which the first is whole by itself. One line may be a wrapper as well as a record. */
function isLines(text: string): boolean {
  const end = text.indexOf('\n');
  return end !== -1 && text.slice(end).trim() !== '' && isJson(text.slice(0, end));
}

function checked(records: Json, isKnown: IsRecord, isRecord: IsRecord): readonly Json[] {
  const list = records as readonly Json[];
  if (list.length === 0) throw new Problem('recording_empty');
  // A record that looks like a frame would be taken for one.
  const wrong = list.findIndex((record) => !isRecord(record) || isFrame(record));
  if (wrong >= 0) throw new Problem('recording_malformed', { index: wrong });
  if (!list.some(isKnown)) throw new Problem('recording_malformed');
  return list;
}

const isEmpty = (list: readonly Json[]): boolean => list.length === 0;

/** Where the sought list stands in the document, as keys from the root down. */
export function pathTo(
  isSought: (list: readonly Json[]) => boolean,
  node: Json,
  depth = mostDepthOfWrapper,
): string[] | undefined {
  if (Array.isArray(node)) return isSought(node as Json[]) ? [] : undefined;
  if (!isObject(node) || depth === 0) return undefined;
  for (const key of Object.keys(node)) {
    const path = pathTo(isSought, node[key] as Json, depth - 1);
    if (path !== undefined) return [key, ...path];
  }
  return undefined;
}
