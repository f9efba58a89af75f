import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../problem.js';

/** Whether the caller asks for server-sent events (`Accept: text/event-stream`). A true or false of ours. */
export const WantsEventStream = createParamDecorator(readWantsEventStream);

/** The id of the last event that the caller has seen (WHATWG HTML §9.2): a position here. Undefined if it sent none. */
export const LastEventId = createParamDecorator(readLastEventId);

const Id = z
  .string()
  .regex(/^(0|[1-9]\d{0,15})$/)
  .transform(Number)
  .pipe(z.int());

export function readWantsEventStream(_data: unknown, context: ExecutionContext): boolean {
  const { accept } = context.switchToHttp().getRequest<FastifyRequest>().headers;
  return (accept ?? '').split(',').some((one) => {
    const [type, ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    return type === 'text/event-stream' && !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
  });
}

export function readLastEventId(_data: unknown, context: ExecutionContext): number | undefined {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['last-event-id'];
  // A browser that has seen no event with an id sends none, or an empty one.
  if (header === undefined || header === '') return undefined;
  const parsed = Id.safeParse(header);
  if (parsed.success) return parsed.data;
  throw new Problem('input_invalid', { issues: [{ path: 'Last-Event-ID', rule: 'invalid_format' }] });
}
