import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { namedIssues } from './issue-path.js';

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
    throw new Problem('input_invalid', { issues: namedIssues(parsed.error, schema, data ?? type) });
  }
}

export const isSchema = (schema: unknown): schema is z.core.$ZodType => schema instanceof z.core.$ZodType;
