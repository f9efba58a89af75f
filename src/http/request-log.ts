import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Metrics } from './metrics.http.js';

/**
 * One line and one count a request: route pattern, method, status, duration. Never an address, a header, a body or
 * an id of anybody: a URL names subjects and sessions. `request` is a random id that our other lines repeat.
 */
export function logRequests(fastify: FastifyInstance, logger: Logger, metrics: Metrics): void {
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const { method } = request;
    const status = reply.statusCode;
    const milliseconds = Math.round(reply.elapsedTime * 10) / 10;
    metrics.answered({ route, method, status }, milliseconds / 1000);
    // The status went out first. Whether all of the answer did is known only now.
    const whole = reply.raw.writableFinished;
    logger.info({ request: request.id, route, method, status, milliseconds, ...(whole ? {} : { whole }) }, 'answered');
    done();
  });
}
