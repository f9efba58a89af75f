import { fieldNames } from '../../log/fields.js';
import type { Format, Json } from './format.js';
import { words } from './odd-transcripts.spec.js';

/** Fields in which a text of the recording stands. */
export const fieldsOf = (format: Format, data: Json, text = 'SECRET') => {
  const parts = format.decompose(data);
  return fieldNames.filter((field) => JSON.stringify(parts[field] ?? null).includes(text));
};

/** The same data with a text of its own in place of each text, so that every one can be found again. */
function marked(value: Json, marks: string[]): Json {
  if (typeof value === 'string' && (words.includes(value) || value.startsWith('custos.record.'))) return value;
  if (typeof value === 'string') return marks[marks.push(`«mark ${marks.length}»`) - 1] as string;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one: Json) => marked(one, marks));
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      ['tagName', 'action', 'timestamp', 'specversion'].includes(key) ? one : marked(one as Json, marks),
    ]),
  );
}

/** That a record comes back the same, that each text of it stood in one field, once, and none in the mildest ones. */
export function expectEachTextOnce(format: Format, value: Json): void {
  const marks: string[] = [];
  const data = marked(value, marks);
  const parts = format.decompose(data);
  expect(JSON.stringify(format.reassemble(parts))).toBe(JSON.stringify(data));
  const stored = JSON.stringify(parts);
  expect(marks.filter((mark) => stored.split(mark).length !== 2)).toEqual([]);
  expect(JSON.stringify([parts.kind ?? 0, parts.time ?? 0])).not.toMatch(/«/);
}
