import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { knownPath } from './issue-path.js';

/** The first ones show what is wrong; a body of thousands of records could break thousands of rules. */
const mostIssues = 20;

/**
 * Checks every parameter against the schema that its route declares: `@Body({ schema })`, `@Query({ schema })`,
 * `@Param('id', { schema })`.
 *
 * Nest's own StandardSchemaValidationPipe deletes keys named `constructor` and `prototype` from the value before it
 * is checked, at any depth. A captured record may hold such a key, and would be stored changed without a word.
 * The JSON parser refuses what is dangerous about them (json-body.ts).
 */
@Injectable()
export class ValidationPipe implements PipeTransform {
  async transform(value: unknown, { type, data, schema }: ArgumentMetadata): Promise<unknown> {
    // @Asker() and @CommandIdHeader() check what they take.
    if (type === 'custom') return value;
    // Such a route does not start (routes.ts). Were one to slip through, nothing gets in by it.
    if (!isSchema(schema)) throw new Problem('internal');
    const parsed = await z.safeParseAsync(schema, value);
    if (parsed.success) return parsed.data;
    const found = parsed.error.issues.slice(0, mostIssues);
    throw new Problem('input_invalid', { issues: found.map((issue) => named(issue, schema, data ?? type)) });
  }
}

export const isSchema = (schema: unknown): schema is z.core.$ZodType => schema instanceof z.core.$ZodType;

/**
 * Where and which rule, and neither what was sent nor the name of a key that is none of ours: an unknown key is
 * told by the place that holds it. zod's message and `keys` repeat both, so neither is read.
 */
function named(issue: z.core.$ZodIssue, schema: z.core.$ZodType, whole: string): { path: string; rule: string } {
  return { path: knownPath(schema, issue.path) || whole, rule: issue.code };
}
