import type { z } from 'zod';

/** What is read of a schema's definition (zod 4, `zod/v4/core` `def`). */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly items?: readonly z.core.$ZodType[];
  readonly rest?: z.core.$ZodType | null;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
}

/** The first ones show what is wrong; a body of thousands of records could break thousands of rules. */
const mostIssues = 20;

/**
 * Where and which rule, and neither what was sent nor the name of a key that is none of ours: an unknown key is
 * told by the place that holds it. zod's message and `keys` repeat both, so neither is read.
 * `whole` names the whole value.
 */
export const namedIssues = (error: z.ZodError, schema: z.core.$ZodType, whole: string): NamedIssue[] =>
  error.issues.slice(0, mostIssues).map((issue) => ({
    path: knownPath(schema, issue.path) || whole,
    rule: issue.code,
  }));
export interface NamedIssue {
  readonly path: string;
  readonly rule: string;
}

/**
 * The part of an issue's path that consists of our own schema's keys and of indices: `records.3.time`. It ends
 * before the first key that the caller chose, such as one of a record or of JSON that is kept as it is.
 */
export function knownPath(schema: z.core.$ZodType, path: readonly PropertyKey[]): string {
  const known: string[] = [];
  let places: readonly z.core.$ZodType[] = [schema];
  for (const segment of path) {
    places = places.flatMap((place) => below(place, segment));
    if (places.length === 0) break;
    known.push(String(segment));
  }
  return known.join('.');
}

/** The schemas that the value under this segment may have; none if the segment is not of our making. */
function below(schema: z.core.$ZodType, segment: PropertyKey): readonly z.core.$ZodType[] {
  const definition = schema._zod.def as unknown as Definition;
  const { shape, element, items, rest } = definition;
  if (shape !== undefined) return Object.hasOwn(shape, segment) ? [shape[segment as string] as z.core.$ZodType] : [];
  if (items !== undefined && typeof segment === 'number') return [items[segment] ?? rest ?? []].flat();
  if (element !== undefined) return typeof segment === 'number' ? [element] : [];
  return wrapped(definition).flatMap((inner) => below(inner, segment));
}

/** Anything that is not named here, such as a record, has no inside: its keys are the caller's. */
function wrapped(definition: Definition): readonly z.core.$ZodType[] {
  const { innerType, in: before, out: after, getter, options = [], left, right } = definition;
  return [innerType, before, after, getter?.(), ...options, left, right].filter((inner) => inner !== undefined);
}
