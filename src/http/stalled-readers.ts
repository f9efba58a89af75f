import type { FastifyInstance } from 'fastify';

/** Whoever takes nothing of what waits for them for so long is gone, or as good as. */
export const stalledAfterMs = 60_000;

/**
 * Breaks off an answer that its reader does not take: what it holds open, a release above all, must not wait for them.
 * Node asks the socket whether anything has moved, be it slowly; a time in which nothing waits to be taken is our own.
 */
export function dropStalledReaders(fastify: FastifyInstance, afterMs: number): void {
  fastify.addHook('onRequest', (_request, { raw: response }, done) => {
    response.setTimeout(afterMs, () => {
      if (response.writableLength > 0) response.destroy();
    });
    done();
  });
}
