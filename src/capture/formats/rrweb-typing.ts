import type { Json, JsonObject, Parts, Typing } from './format.js';
import { isObject } from './json-tree.js';
import { partOf } from './keyed-parts.js';
import { passwordMark } from './rrweb-attributes.js';
import { source } from './rrweb-fields.js';

/** Of inputs that hold what nobody should see, whatever a recorder was told to mask (HTML, autofill field names). */
const secretCompletions = new Set(['current-password', 'new-password', 'one-time-code', 'cc-number', 'cc-csc']);

/** An input event repeats the whole text each time; which inputs are for passwords, snapshots and mutations tell. */
export function typingOf({ typed, screen }: Parts): Typing | undefined {
  if (partOf(typed, 'source') === source.input) {
    const id = partOf(typed, 'id');
    return typeof id === 'number' ? { input: String(id) } : undefined;
  }
  const secretInputs = secretInputsIn(partOf(screen, 'tree') ?? null);
  return secretInputs.length === 0 ? undefined : { secretInputs };
}

/** Not by recursion: a page may be nested deep. */
function secretInputsIn(tree: Json): string[] {
  const found: string[] = [];
  const rest: Json[] = [tree];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    if (isObject(node) && typeof node['id'] === 'number' && isSecret(node['attributes']))
      found.push(String(node['id']));
    for (const inner of Object.values(node)) if (typeof inner === 'object') rest.push(inner);
  }
  return found;
}

function isSecret(attributes: Json | undefined): boolean {
  if (!isObject(attributes)) return false;
  const { type, autocomplete } = attributes as JsonObject;
  const completion = typeof autocomplete === 'string' ? autocomplete.toLowerCase().split(/\s+/) : [];
  return (
    (typeof type === 'string' && type.toLowerCase() === 'password') ||
    attributes[passwordMark] === 'true' ||
    completion.some((word) => secretCompletions.has(word))
  );
}
