import { Problem } from '../../problem.js';
import type { CutRecord, Format, Json } from './format.js';
import { cutLists, isFrame, joinLists, valueAt, type Path } from './frames.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { joinLayout, splitLayout } from './split-layout.js';
import { beginDocument, maskRecords, messagePlaceholders, type Masking } from './masked-messages.js';
import { contentFields } from './message-layout.js';
import { isMessageLike, recordLayout } from './messages-layout.js';
import { readDocuments } from './read-documents.js';
import { readText } from './read-recording.js';

/**
 * Chats with a model in the forms of OpenAI: a list of messages, documents of the API that hold one (requests and
 * answers of chat completions and of responses, the lines of its batches), or lines of either.
 */
export const messages: Format = {
  name: 'messages',

  recognise({ document = null }) {
    const paths = Array.isArray(document) ? [[]] : pathsIn(document);
    const firsts = paths.map((path) => valueAt(document, [...path, 0]));
    return (paths.length === 0 ? [document] : firsts).some(isMessageOrChoice);
  },

  cut(file, startedAt) {
    const documents = readDocuments(readText(file));
    const isLines = documents.length > 1;
    const records = documents.flatMap((document, line) =>
      cutDocument(document, isLines ? line : undefined).map((data) => ({ data, made: madeAt(document) })),
    );
    if (records.every(({ data }) => isFrame(data))) throw new Problem('recording_empty');
    return timed(records, startedAt);
  },

  decompose: (data) => splitLayout(data, recordLayout),
  reassemble: joinLayout,

  mask: (records) => beginDocument(maskRecords(records, masking), { frame: ['messages'], of: { messages: [] } }),

  assemble(records) {
    const { documents, loose } = joinLists(records);
    if (documents.length === 0) return Buffer.from(JSON.stringify(loose));
    return Buffer.from(documents.map((document) => JSON.stringify(document)).join('\n'));
  },
};

/** Agents' transcripts wrap messages in lines of their own, so a type alone is not enough. */
const isMessageOrChoice = (value: Json | undefined): boolean => {
  const role = partOf(value, 'role') ?? partOf(partOf(value, 'message') ?? partOf(value, 'delta'), 'role');
  return typeof role === 'string' && Object.hasOwn(contentFields, role) && partOf(value, 'type') !== role;
};

/** Where documents of the API hold what was said, and what it may be wrapped in. */
const lists = ['messages', 'input', 'choices', 'output'];
const wrappers = ['body', 'request', 'response'];

function pathsIn(document: Json, above: Path = []): Path[] {
  if (!isObject(document) || above.length > 2) return [];
  return Object.keys(document).flatMap((key) => {
    const path = [...above, key];
    if (lists.includes(key) && Array.isArray(document[key])) return [path];
    return wrappers.includes(key) ? pathsIn(document[key] as Json, path) : [];
  });
}

/** `line` is undefined for the one document of a file: then a bad record is told by its place in its list. */
function cutDocument(document: Json, line: number | undefined): Json[] {
  const paths: Path[] = Array.isArray(document) ? [[]] : pathsIn(document);
  for (const path of paths) {
    const wrong = (valueAt(document, path) as readonly Json[]).findIndex((item) => !isObject(item) || isFrame(item));
    if (wrong >= 0) throw new Problem('recording_malformed', { index: line ?? wrong });
  }
  // A file of one bare list is that list, and no more.
  if (Array.isArray(document) && line === undefined) return document as Json[];
  if (paths.length > 0) return cutLists(document, paths);
  if (isMessageLike(document)) return [{ frame: null }, document];
  throw new Problem('recording_malformed', line === undefined ? {} : { index: line });
}

/** Epoch milliseconds, where a document says when it was made. */
function madeAt(document: Json): number | undefined {
  const inner = partOf(document, 'response') ?? document;
  const made = [inner, partOf(inner, 'body')].flatMap((one) => [partOf(one, 'created'), partOf(one, 'created_at')]);
  const seconds = made.find((one) => typeof one === 'number' && one > 1e9 && one < 1e11);
  return typeof seconds === 'number' ? Math.floor(seconds * 1000) : undefined;
}

/** A message tells no time, so only their order is kept. */
function timed(
  records: readonly { readonly data: Json; readonly made: number | undefined }[],
  startedAt: number,
): CutRecord[] {
  return records.map(({ data, made }, index) => ({ time: made ?? startedAt + index, data }));
}

const masking: Masking = { placeholders: () => messagePlaceholders, message: (told) => ({ ...told }) };
