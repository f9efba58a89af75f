import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** Whether the caller says that gzip may be sent (RFC 9110 §12.5.3). A true or false of ours, so it needs no schema. */
export const AcceptsGzip = createParamDecorator(readAcceptsGzip);

export function readAcceptsGzip(_data: unknown, context: ExecutionContext): boolean {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['accept-encoding'];
  return acceptsGzip(typeof header === 'string' ? header : '');
}

/** Only where it is named: "any" may mean it, and who does not name it may not be able to unpack it. */
export function acceptsGzip(header: string): boolean {
  return header
    .toLowerCase()
    .split(',')
    .some((one) => {
      const [coding, ...parameters] = one.split(';').map((part) => part.trim());
      return coding === 'gzip' && !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
    });
}
