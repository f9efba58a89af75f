import { randomUUID } from 'node:crypto';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { Problem, type ProblemCode } from '../problem.js';

/** Turns whatever was thrown into a problem with a stable code, and never lets a value through. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly bodyLimitBytes: number,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const problem = this.asProblem(error);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const { retryAfterSeconds } = problem.members;
    if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer');
    // As a string, since Fastify would otherwise look for a serializer by this content type.
    void reply.status(problem.status).header('content-type', 'application/problem+json').send(JSON.stringify(problem));
  }

  private asProblem(error: unknown): Problem {
    if (error instanceof Problem) return error.code === 'internal' ? this.internal(error) : error;
    const code = knownCode(error);
    if (code === 'body_too_large') return new Problem(code, { limit: this.bodyLimitBytes });
    return code === undefined ? this.internal(error) : new Problem(code);
  }

  /**
   * The log gets the kind of error and where it was thrown, not its message: a message of PostgreSQL or of a
   * parser repeats values.
   */
  private internal(error: unknown): Problem {
    const incident = randomUUID();
    const { name, code, stack } = (error ?? {}) as { name?: string; code?: string; stack?: string };
    const frames = (stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 12);
    this.logger.error({ incident, error: name, code, frames }, 'internal');
    return new Problem('internal', { incident });
  }
}

const byFastifyCode: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media_type_unsupported',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_malformed',
};
const byStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'body_malformed',
  404: 'route_unknown',
  413: 'body_too_large',
  415: 'media_type_unsupported',
};

function knownCode(error: unknown): ProblemCode | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  if (code !== undefined && Object.hasOwn(byFastifyCode, code)) return byFastifyCode[code];
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  return status === undefined ? undefined : byStatus[status];
}
