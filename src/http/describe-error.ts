import { problems } from '../problem.js';

const mostFrames = 12;
const mostCauses = 3;

/** What may be written down of an error that nobody foresaw. */
export interface ErrorDescription {
  readonly error: string;
  readonly code?: string;
  /** Files and lines of the stack, innermost first: `http/problem.filter.js:31`. */
  readonly frames: readonly string[];
  readonly cause?: ErrorDescription;
}

/**
 * Enough to find the place in the code, and nothing that a caller or a row contained. Messages are left out: that of
 * PostgreSQL or of a parser repeats values. A stack begins with the message, whose lines may look like frames, so
 * only what ends in a file of a program is taken, without the function name beside it.
 */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { error: typeof error, frames: [] };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    error: classOf(error),
    ...(isErrorCode(code) ? { code } : {}),
    frames: framesOf(error),
    ...(cause === undefined || depth >= mostCauses ? {} : { cause: describeError(cause, depth + 1) }),
  };
}

/** The name in the code. `name` is a property like any other, that a library may fill from outside. */
function classOf(error: Error): string {
  const { name } = error.constructor;
  return /^[A-Za-z]{1,64}$/.test(name) ? name : 'Error';
}

/** SQLSTATEs (`23505`), Node's (`ECONNREFUSED`, `ERR_…`), Fastify's (`FST_ERR_…`) and our own. */
const isErrorCode = (code: unknown): code is string =>
  typeof code === 'string' &&
  (/^((?=.*\d)[0-9A-Z]{5}|E[A-Z]{3,20}|(FST_)?ERR_[A-Z0-9_]{1,60})$/.test(code) || Object.hasOwn(problems, code));

const framePattern = /^ {4}at .*?((?:node:[\w./-]+|(?:node_modules|dist|src|test)\/[\w@./-]+\.[cm]?[jt]s):\d+):\d+\)?$/;

/** None if the stack does not begin with the message of now: it could not be told where that of then ends. */
function framesOf({ stack = '', message }: Error): string[] {
  const [name = ''] = /^[\w$.]+( \[\w+\])?(: )?/.exec(stack) ?? [];
  if (!stack.startsWith(`${name}${message}\n`)) return [];
  return stack
    .slice(name.length + message.length)
    .split('\n')
    .flatMap((line) => framePattern.exec(line)?.[1] ?? [])
    .slice(0, mostFrames);
}
