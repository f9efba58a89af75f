import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Person } from '../identity/person.js';
import { CommandId } from '../log/ids.js';
import { Problem } from '../problem.js';
import { readAcceptsGzip } from './accepts-gzip.js';
import { readLastEventId, readWantsEventStream } from './event-stream.js';
import type { Access } from './may-ask.js';

export interface AskedRequest extends FastifyRequest {
  /** Whose token was verified, and by which declaration of who may ask (ask-first.ts). */
  admitted?: {
    readonly access: Access;
    readonly person: Person;
    readonly token: string;
    /** By the process's own clock, milliseconds. */
    readonly at: number;
  };
}

/** The person whose token came with the request. */
export const Asker = createParamDecorator(readAsker);

/** Their token, for the one call that must show it to the keyholder. */
export const AskerToken = createParamDecorator(readAskerToken);

/** The caller's name for this intended write; a random one if they gave none, so nothing can be repeated by it. */
export const CommandIdHeader = createParamDecorator(readCommandId);

/** What these decorators take is checked by them: they need no schema. */
export const checkedSources: ReadonlySet<unknown> = new Set<unknown>([
  readAsker,
  readAskerToken,
  readCommandId,
  readAcceptsGzip,
  readWantsEventStream,
  readLastEventId,
]);
export const takesCommandId = (source: unknown): boolean => source === readCommandId;

function readAsker(_data: unknown, context: ExecutionContext): Person {
  return admittedIn(context).person;
}

function readAskerToken(_data: unknown, context: ExecutionContext): string {
  return admittedIn(context).token;
}

function admittedIn(context: ExecutionContext): NonNullable<AskedRequest['admitted']> {
  const { admitted } = context.switchToHttp().getRequest<AskedRequest>();
  // Only a route for anyone gets here without one, and that is a mistake of ours.
  if (admitted === undefined) throw new Problem('internal');
  return admitted;
}

function readCommandId(_data: unknown, context: ExecutionContext): CommandId {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  const parsed = CommandId.safeParse(header ?? randomUUID());
  if (!parsed.success) {
    throw new Problem('input_invalid', { issues: [{ path: 'Idempotency-Key', rule: 'invalid_format' }] });
  }
  return parsed.data;
}
