import { randomUUID } from 'node:crypto';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { Problem, type ProblemCode } from '../problem.js';
import { describeError } from './describe-error.js';

/**
 * Turns whatever was thrown into a problem with a stable code, and never lets a value through.
 * A ZodError is no `input_invalid` here: the pipe answers for what callers send (validation.ts), so one that gets
 * this far is about something of ours, such as a row, and the caller can do nothing about it.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = this.asProblem(error, reply);
    if (!reply.sent && !reply.raw.headersSent) return sendProblem(reply, problem);
    // The status is gone. Cut off, the answer cannot be taken for a whole one; ended, it could.
    reply.raw.destroy();
  }

  private asProblem(error: unknown, { request }: FastifyReply): Problem {
    if (error instanceof Problem && error.code !== 'internal') {
      // Members are numbers and names of ours, so the log may have them.
      const { code, members, cause } = error;
      if (error.status >= 500) {
        this.logger.error({ request: request?.id, code, ...members, ...(cause === undefined ? {} : { cause: describeError(cause) }) }, 'failed'); // prettier-ignore
      }
      return error;
    }
    const code = codeOf(error);
    if (code === 'body_too_large') return new Problem(code, { limit: request.routeOptions.bodyLimit });
    if (code !== undefined) return new Problem(code);
    const incident = randomUUID();
    this.logger.error({ request: request?.id, incident, ...describeError(error) }, 'internal');
    return new Problem('internal', { incident });
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  const { retryAfterSeconds } = problem.members;
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  // RFC 9110 §15.5.2: a 401 names the scheme that it wants.
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
  // As a string, since Fastify would otherwise look for a serializer by this content type.
  void reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
}

const codeOfFastify: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_malformed',
};

/**
 * Nest wraps Fastify's errors and throws a 404 of its own. Any other error that happens to have a status, of a
 * library that a handler called, says nothing about what the caller did.
 */
function codeOf(error: unknown): ProblemCode | undefined {
  if (!(error instanceof HttpException)) return undefined;
  const { code } = (error.cause ?? {}) as { code?: unknown };
  if (typeof code === 'string' && Object.hasOwn(codeOfFastify, code)) return codeOfFastify[code];
  return error.getStatus() === 404 ? 'route_unknown' : undefined;
}
