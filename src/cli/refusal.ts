import { Problem, type ProblemMembers } from '../problem.js';

/** Problem details as they came: a newer service may send codes and members that we do not know. */
export interface ProblemBody extends Omit<ProblemMembers, 'position'> {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly [member: string]: unknown;
}

/** The service's answer that it refuses or fails, passed on word for word. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly body: ProblemBody) {
    super(body.code);
  }

  toJSON(): ProblemBody {
    return this.body;
  }
}

/** What a refusal or a failure of ours says; undefined for any other error. */
export const problemOf = (error: unknown): { readonly code: string } | undefined =>
  error instanceof Refusal ? error.body : error instanceof Problem ? error.toJSON() : undefined;

/** Whatever else answers (a proxy, another program) is not our service. */
export function refusalOf(body: unknown): Refusal | Problem {
  const { code, title } = (body ?? {}) as { code?: unknown; title?: unknown };
  if (typeof code !== 'string' || typeof title !== 'string') return new Problem('service_unreachable');
  return new Refusal(body as ProblemBody);
}

/** Wrong use of the command line; `rule` is a constant of ours, never what was typed. */
export const wrongUse = (path: string, rule: string): Problem => new Problem('usage', { issues: [{ path, rule }] });

export const notVerified = (position: number, ...checks: readonly string[]): Problem =>
  new Problem('not_verified', { problems: checks.map((check) => ({ position, check })) });
