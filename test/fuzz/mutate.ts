import fc from 'fast-check';
import type { Json } from '../../src/sealing/json-data.js';

/** A change to bytes; places are fractions, so that a change means something for any recording. */
type ByteEdit =
  | { readonly kind: 'flip' | 'cut' | 'drop' | 'twice'; readonly at: number; readonly span: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array };

const place = fc.double({ min: 0, max: 1, noNaN: true });
/** What breaks parsers: structure without its other half, numbers at the edge, half characters. */
const nasty = fc
  .constantFrom('"', '\\', '{', '}', '[', ']', ',', '\n', '\u0000', '\ufeff', '1e999', '-0', '9007199254740993', '"__proto__":', 'null', '\\ud800')
  .map((text) => new Uint8Array(Buffer.from(text))); // prettier-ignore
export const byteEdits: fc.Arbitrary<readonly ByteEdit[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('flip', 'cut', 'drop', 'twice'), at: place, span: fc.integer({ min: 1, max: 64 }) }),
    fc.record({ kind: fc.constant('insert' as const), at: place, bytes: fc.oneof(nasty, fc.uint8Array({ maxLength: 8 })) }),
  ),
  { minLength: 1, maxLength: 2 },
); // prettier-ignore

export function editBytes(bytes: Uint8Array, edits: readonly ByteEdit[]): Uint8Array {
  let edited = Buffer.from(bytes);
  for (const edit of edits) {
    const at = Math.floor(edit.at * edited.length);
    if (edit.kind === 'insert') edited = Buffer.concat([edited.subarray(0, at), edit.bytes, edited.subarray(at)]);
    else if (edit.kind === 'cut') edited = edited.subarray(0, at);
    else if (edit.kind === 'flip')
      edited = Buffer.from(edited.map((byte, index) => (index === at ? byte ^ (1 << (edit.span % 8)) : byte))); // prettier-ignore
    else {
      const end = edit.kind === 'drop' ? at + edit.span : at;
      edited = Buffer.concat([edited.subarray(0, at + (edit.kind === 'twice' ? edit.span : 0)), edited.subarray(end)]);
    }
  }
  return new Uint8Array(edited);
}

/** A change to a value: which place, counted over all of them, and what stands there instead. */
interface TreeEdit {
  readonly at: number;
  readonly to: 'token' | 'gone' | { readonly value: Json };
}
export const treeEdits: fc.Arbitrary<readonly TreeEdit[]> = fc.array(
  fc.record({
    at: place,
    to: fc.oneof(
      { weight: 8, arbitrary: fc.constant('token' as const) },
      { weight: 1, arbitrary: fc.constant('gone' as const) },
      { weight: 1, arbitrary: fc.jsonValue().map((value) => ({ value: value as Json })) },
    ),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Texts that are nowhere else: where one turns up, it is this one. */
export const token = (index: number): string => `zq${index}kfuzzed${index}qz`;

/** The value with its edits, and the tokens that it holds now. */
export function editTree(value: Json, edits: readonly TreeEdit[]): { readonly value: Json; readonly tokens: string[] } {
  const tree = { root: structuredClone(value) as unknown };
  for (const [index, { at, to }] of edits.entries()) {
    const places = placesIn(tree, 'root');
    // A token stands for a text: elsewhere it would make a record of another kind.
    const texts = to === 'token' ? places.filter(([above, name]) => typeof above[name] === 'string') : [];
    const choice = texts.length > 0 ? texts : places;
    const [parent, key] = choice[Math.min(choice.length - 1, Math.floor(at * choice.length))] as Place;
    if (to === 'gone' && !Array.isArray(parent) && parent !== tree) delete parent[key];
    else if (to !== 'gone') parent[key] = to === 'token' ? token(index) : structuredClone(to.value);
  }
  const text = JSON.stringify(tree.root);
  const tokens = edits.map((_edit, index) => token(index)).filter((one) => text.includes(one));
  return { value: tree.root as Json, tokens };
}

type Place = [parent: Record<string, unknown>, key: string];

/** Every place below, with its parent. Not by recursion: recordings nest deep. */
function placesIn(parent: Record<string, unknown>, key: string): Place[] {
  const found: Place[] = [[parent, key]];
  for (let next = 0; next < found.length; next += 1) {
    const [above, at] = found[next] as Place;
    const value = above[at];
    if (typeof value !== 'object' || value === null) continue;
    for (const inner of Object.keys(value))
      if (inner !== '__proto__') found.push([value as Record<string, unknown>, inner]);
  }
  return found;
}
