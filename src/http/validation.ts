import { StandardSchemaValidationPipe } from '@nestjs/common';
import { Problem } from '../problem.js';

/** The only part of zod's issue that is ours: the path and the rule. Its message may repeat what was sent. */
interface Issue {
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  readonly code?: string;
}
const mostIssues = 20;

/** Checks every parameter against the schema that its route declares. */
export const validationPipe = () =>
  new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new Problem('input_invalid', { issues: (issues as readonly Issue[]).slice(0, mostIssues).map(named) }),
  });

/** Paths are keys of our own schemas and indices: zod puts unknown keys into the issue, not into its path. */
function named({ path = [], code = 'invalid' }: Issue): { path: string; rule: string } {
  const segments = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return { path: segments.join('.'), rule: code };
}
