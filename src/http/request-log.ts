import { Stream } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { describeError } from './describe-error.js';
import type { Metrics } from './metrics.http.js';

/**
 * One line and one count a request: route pattern, method, status, duration. Never an address, a header, a body or
 * an id of anybody: a URL names subjects and sessions. `request` is a random id that our other lines repeat.
 */
export function logRequests(fastify: FastifyInstance, logger: Logger, metrics: Metrics): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    // Fastify's own `onResponse` is silent about an answer that is cut off after its headers.
    reply.raw.once('close', () => {
      const route = request.routeOptions.url ?? 'unknown';
      const { method, id } = request;
      const status = reply.raw.statusCode;
      const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
      metrics.answered({ route, method, status }, milliseconds / 1000);
      // The status went out first; whether all of the answer did is known only now.
      const whole = reply.raw.writableFinished ? {} : { whole: false };
      logger.info({ request: id, route, method, status, milliseconds, ...whole }, 'answered');
    });
    done();
  });
  // What fails before the first byte is the filter's; after it, nobody else would say why the answer broke off.
  fastify.addHook('onSend', (request, reply, payload, done) => {
    if (payload instanceof Stream) {
      payload.once('error', (error) => {
        if (reply.raw.headersSent) logger.error({ request: request.id, ...describeError(error) }, 'broken off');
      });
    }
    done();
  });
}
