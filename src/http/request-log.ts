import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.http.js';

/** One line a request: route pattern, method, status, duration. Never an address, a header, a body or an id. */
export function logRequests(app: NestFastifyApplication, logger: Logger, metrics: Metrics): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'unknown';
      const { method } = request;
      const status = reply.statusCode;
      const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
      metrics.answered({ route, method, status }, milliseconds / 1000);
      logger.info({ route, method, status, milliseconds }, 'answered');
      done();
    });
}
