import type { Json } from './format.js';
import { parseDocument, parseLines } from './read-recording.js';

/** One JSON document, or lines of them: then the first line is one by itself, and something follows it. */
export function readDocuments(text: string): Json[] {
  const [first = '', ...rest] = text.trim().split('\n');
  if (rest.length === 0 || !isJson(first)) return [parseDocument(text)];
  return parseLines(text, (line) => JSON.parse(line) as Json);
}

/** What a text of JSON holds; undefined for any other text. */
export function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

export const isJson = (text: string): boolean => parsed(text) !== undefined;
