import { classOf, type FieldName } from '../../log/fields.js';
import type { Format, Json, Parts } from '../formats/format.js';
import { detect, type Tag } from './detect.js';
import { stringsOf } from './strings-of.js';

/** A record with its tags: those of what was moved to `raised`, and those of what was strict already. */
export interface RaisedRecord {
  readonly parts: Parts;
  readonly tags: ReadonlySet<Tag>;
}

/**
 * Moves each field in which something was found, whole, to `raised`, which takes the strictest class: so a record's
 * class rises and what it says stays together. Inputs are judged by what they come to: where a format says that
 * some records are one text growing (`Format.typing`), one find raises all of them, the prefixes too.
 * `inputs` remembers for a session which of its inputs were raised, from one call to the next.
 */
export async function raiseRecords(
  records: readonly Parts[],
  format: Pick<Format, 'typing'>,
  inputs: Map<string, Tag>,
): Promise<RaisedRecord[]> {
  const found = await findings(records);
  const typing = records.map((parts) => format.typing?.(parts));
  for (const [index, about] of typing.entries()) {
    for (const secret of about?.secretInputs ?? []) remember(inputs, secret, 'password');
    const [tag] = found[index]?.get('typed') ?? [];
    if (about?.input !== undefined && tag !== undefined && !inputs.has(about.input)) remember(inputs, about.input, tag);
  }
  return records.map((parts, index) => {
    const tagged = found[index] as Map<FieldName, Set<Tag>>;
    const about = typing[index];
    // The value that a password's input had already stands in the snapshot.
    const grown = about?.secretInputs === undefined ? raisedFor(inputs, about?.input) : ('password' as const);
    if (grown !== undefined && parts.typed !== undefined) tagged.set('typed', new Set(tagged.get('typed')).add(grown));
    return { parts: raised(parts, [...tagged.keys()]), tags: new Set([...tagged.values()].flatMap((one) => [...one])) };
  });
}

/** No page has as many. One that was made to have more fills no memory, and loses the difference between its inputs. */
const mostInputs = 1000;

function remember(inputs: Map<string, Tag>, input: string, tag: Tag): void {
  if (inputs.size < mostInputs) inputs.set(input, tag);
}

function raisedFor(inputs: ReadonlyMap<string, Tag>, input: string | undefined): Tag | undefined {
  if (input === undefined) return undefined;
  return inputs.get(input) ?? (inputs.size < mostInputs ? undefined : 'password');
}

/** Pictures: no rule sees what they show, and to look through their bytes takes as long as to seal them. */
const withoutText: FieldName = 'screen.video';

async function findings(records: readonly Parts[]): Promise<Map<FieldName, Set<Tag>>[]> {
  const texts: { readonly index: number; readonly field: FieldName; readonly text: string }[] = [];
  for (const [index, parts] of records.entries()) {
    for (const field of Object.keys(parts) as FieldName[]) {
      if (field === withoutText) continue;
      for (const text of stringsOf(parts[field] as Json)) texts.push({ index, field, text });
    }
  }
  const found = records.map(() => new Map<FieldName, Set<Tag>>());
  const tags = await detect(texts.map(({ text }) => text));
  for (const [place, { index, field }] of texts.entries()) {
    const some = tags[place] as ReadonlySet<Tag>;
    if (some.size > 0) found[index]?.set(field, new Set([...(found[index].get(field) ?? []), ...some]));
  }
  return found;
}

function raised(parts: Parts, fields: readonly FieldName[]): Parts {
  const up = fields.filter((field) => parts[field] !== undefined && classOf(field) !== 'strict');
  if (up.length === 0) return parts;
  const kept = Object.entries(parts).filter(([field]) => !up.includes(field as FieldName));
  return { ...Object.fromEntries(kept), raised: Object.fromEntries(up.map((field) => [field, parts[field] as Json])) };
}
