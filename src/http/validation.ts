import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { Problem } from '../problem.js';
import { namedIssues, type NamedIssue } from './issue-path.js';

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
    const whole = data ?? type;
    const parsed = await z.safeParseAsync(schema, value).catch((error: unknown) => {
      // A schema of any JSON goes down as deep as what was sent, and the stack ends before that does.
      throw error instanceof RangeError ? invalid([{ path: whole, rule: 'too_deep' }]) : error;
    });
    if (parsed.success) return parsed.data;
    throw invalid(namedIssues(parsed.error, schema, whole));
  }
}

const invalid = (issues: readonly NamedIssue[]) => new Problem('input_invalid', { issues });

export const isSchema = (schema: unknown): schema is z.core.$ZodType => schema instanceof z.core.$ZodType;
